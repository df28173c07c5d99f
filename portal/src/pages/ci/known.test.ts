import { describe, expect, it } from 'vitest';
import { proposal, readBlock } from './known';

describe('proposal', () => {
  it('is the text where nothing varies', () => {
    expect(proposal('The feed did not answer in time')).toEqual({
      title: 'The feed did not answer in time',
      contains: ['The feed did not answer in time'], pattern: '',
    });
  });

  it('is a pattern of what does not vary', () => {
    const found = proposal('error NU1301: Unable to load https://a.example/x/index.json (a.b).');
    expect(found.contains).toEqual([]);
    expect(found.pattern).toBe('error NU1301: Unable to load.*\\(a\\.b\\)\\.');
    expect(new RegExp(found.pattern).test(
      'error NU1301: Unable to load https://other.example/y.json (a.b).')).toBe(true);
  });

  it('is one text where what varies stands at an end', () => {
    expect(proposal('No space left on device : 8123').contains)
      .toEqual(['No space left on device :']);
  });

  it('keeps a message that says nothing without its numbers', () => {
    expect(proposal('E 12 : 13').contains).toEqual(['E 12 : 13']);
  });

  it('leaves markers out', () => {
    expect(proposal('(PIPELINE_CATEGORY=Test) the database is gone').contains)
      .toEqual(['the database is gone']);
  });
});

describe('a block of JSON', () => {
  it('is read with the fence around it', () => {
    const written = '```json\n{ "ErrorMessage": ["a line", ""], "ErrorPattern": "",\n'
      + '"BuildRetry": true, "ExcludeConsoleLog": false }\n```\n';
    expect(readBlock(written)).toEqual({
      contains: ['a line'], pattern: '', excludeLog: false, retry: true,
    });
    expect(readBlock('{"ErrorPattern":"NU\\\\d+"}')?.pattern).toBe('NU\\d+');
  });

  it('is nothing when it says nothing', () => {
    expect(readBlock('{ "ErrorMessage": "" }')).toBeNull();
    expect(readBlock('see below')).toBeNull();
    expect(readBlock('{ broken')).toBeNull();
  });
});
