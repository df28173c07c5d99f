import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { snippets, sourceLines } from './snippets';

const target = {
  connectionString: 'InstrumentationKey=k1;IngestionEndpoint=http://127.0.0.1:8321/',
  instrumentationKey: 'k1',
  url: 'http://127.0.0.1:8321',
};

it('tells every language where to send', () => {
  for (const { id, code } of snippets(target)) {
    expect(code, id).toContain('http://127.0.0.1:8321');
    expect(code, id).toContain('k1');
    expect(code, id).toContain('Task Execution');
    expect(code.split('\n').length, id).toBeLessThanOrEqual(8);
  }
});

it('lets no name break out of a string', () => {
  const evil = '\'; rm -rf / #"$(x)`y`\n';
  for (const { id, code } of snippets({ ...target, instrumentationKey: evil })) {
    expect(code, id).not.toContain('"$(x)');
    expect(code, id).not.toContain('`y`');
  }
});

it('gives curl an item that is JSON', () => {
  const code = snippets(target).find((found) => found.id === 'curl')?.code ?? '';
  const said = execFileSync('sh', ['-c', code.replace('curl -sS', 'printf "%s\\n"')]).toString();
  const item = JSON.parse(said.split('\n').at(-2) ?? '') as { iKey: string; time: string };
  expect(item.iKey).toBe('k1');
  expect(Date.parse(item.time)).toBeGreaterThan(0);
});

it('connects an organisation by lines of TOML', () => {
  expect(sourceLines({
    address: 'https://dev.azure.com/exorg/', projects: ' web, "odd" \\ ,', tokenVariable: 'EXORG_PAT',
  })).toBe([
    '[[source]]', 'name = "exorg"', 'base = "https://dev.azure.com/exorg"',
    'projects = ["web", "\\"odd\\" \\\\"]', 'token_env = "EXORG_PAT"',
  ].join('\n'));
  expect(sourceLines({
    address: 'https://exorg.visualstudio.com', projects: '', tokenVariable: '',
  })).toBe([
    '[[source]]', 'name = "exorg"', 'base = "https://exorg.visualstudio.com"', 'anonymous = true',
  ].join('\n'));
});
