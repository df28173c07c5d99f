import { describe, expect, it } from 'vitest';
import { lookups, testQuery } from './jump';

describe('what a text may name', () => {
  it.each([
    ['', []],
    ['a', []],
    ['20261129.3', ['builds']],
    ['20478', ['builds']],
    ['#20478', ['builds']],
    ['57bdbb4447a77cb0f94a4a3a6f330a4b', ['operations', 'traced']],
    ['18ec90cf-14ca-b8e9-4e42-ed936c32fe4a', ['items', 'operations']],
    ['|57bdbb4447a77cb0.1a.', ['operations']],
    ['nightly', ['pipelines', 'tests']],
    ['ci', ['pipelines']],
    ['Lantern.Core.Tests', ['pipelines', 'tests']],
  ])('%j', (written, sorts) => {
    expect(Object.keys(lookups(written)).sort()).toEqual(sorts);
  });

  it('looks for an item near its arrival', () => {
    expect(lookups('18ec90cf-14ca-b8e9-4e42-ed936c32fe4a').items)
      .toContain('| where timestamp > datetime(2026-11-27T15:');
  });

  it('keeps hostile texts texts', () => {
    expect(lookups('aaa" | take 1 //').tests).toContain('contains "aaa\\" | take 1 //"');
    expect(testQuery('x\n"')).toContain('TestName == "x\\n\\""');
    expect(lookups('x'.repeat(5000)).tests?.length).toBeLessThan(500);
  });

  it('asks for numbers only as numbers', () => {
    expect(lookups('20478').builds).toContain('or BuildId == 20478');
    expect(lookups('20261129.3').builds).not.toContain('BuildId ==');
    expect(lookups('9'.repeat(30)).builds).not.toContain('BuildId ==');
  });
});
