import { describe, expect, test } from 'vitest';
import {
  everything, folderOf, pipelinePath, piped, report, scoped, scopeFilters, scopeOf,
} from './scope';

const range = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-08T00:00:00Z') };
const times = 'datetime(2026-11-01T00:00:00.000Z), datetime(2026-11-08T00:00:00.000Z)';

describe('a scope', () => {
  test('is what its filters in the address say', () => {
    const scope = { source: 'exorg', branch: 'main', kind: 'PR', pipeline: 'a:b,c' };
    const query = new URLSearchParams(scopeFilters(scope).map((filter) => ['f', filter]));
    expect(scopeOf(query)).toEqual(scope);
    expect(scopeOf(new URLSearchParams('f=Branch:ne:main&f=nonsense'))).toEqual(everything);
  });

  test('calls reports with its parameters and keeps what they have none for', () => {
    const scope = { source: 'ex"org', branch: 'main', kind: 'PR', pipeline: '\\web' };
    expect(report('PassRate', range)).toBe(`PassRate(${times})`);
    expect(scoped('PassRate', range, everything)).toBe(`PassRate(${times})`);
    expect(scoped('PassRate', range, scope)).toBe(
      `PassRate(${times}, branch = "main", kind = "PR")\n`
      + '| where Organization == "ex\\"org"\n| where Definition contains "\\\\web"',
    );
    expect(scoped('RedTime', range, scope, false)).toContain('branch = "main")');
  });
});

test('a pipeline is named by its folder, in queries and in addresses', () => {
  const pipeline = { source: 'ex/org', project: 'a b', definition: '\\team\\web-ci' };
  expect(pipelinePath(pipeline)).toBe('/ci/pipelines/ex%2Forg/a%20b/%5Cteam%5Cweb-ci');
  expect(piped('PassRate', range, pipeline, { branch: '' })).toBe(
    `PassRate(${times}, definition = "\\\\team\\\\web-ci")\n`
    + '| where Organization == "ex/org" and Project == "a b"',
  );
});

test.each([
  ['\\team\\web-ci', 'team\\', 'web-ci'],
  ['\\web-ci', '', 'web-ci'],
  ['web-ci', '', 'web-ci'],
])('the folder of %s', (definition, folder, name) => {
  expect(folderOf(definition)).toEqual({ folder, name });
});
