import { describe, expect, it } from 'vitest';
import { parseFilter, type Filter } from '../../lib/filters';
import { facet, olderPage, source, typesOf, typesText, type Question } from './kql';
import { parse } from './text';

const filter = parseFilter('client_OS:eq:Linux') as Filter;
const question: Question = { types: ['request'], node: parse('sign').node, filters: [filter] };

describe('the queries of Search', () => {
  it('reads all tables and narrows them', () => {
    expect(source(question)).toBe([
      'union requests, dependencies, exceptions, traces, customEvents, pageViews, '
        + 'availabilityResults',
      '| where itemType in ("request")',
      '| where tostring(client_OS) == "Linux"',
      '| where * has "sign"',
    ].join('\n'));
  });

  it('shows the other values of a field that is filtered by', () => {
    expect(facet(question, 'client_OS')).not.toContain('Linux');
    expect(facet(question, 'name')).toContain('Linux');
    expect(facet(question, 'name', 'a"b')).toContain('| where value contains "a\\"b"');
  });

  it('goes on exactly after an item', () => {
    const range = { from: new Date('2026-11-28T00:00:00Z'), to: new Date('2026-11-29T00:00:00Z') };
    const cursor = { timestamp: '2026-11-28T16:08:00.1234567Z', itemId: 'id-1' };
    expect(olderPage(question, range, cursor)).toContain(
      '| where timestamp < datetime(2026-11-28T16:08:00.1234567Z) or strcmp(itemId, "id-1") < 0',
    );
  });

  it.each([
    [null, []], ['event,request', ['request', 'customEvent']], ['nonsense', []],
  ])('kinds of %j', (written, types) => expect(typesOf(written)).toEqual(types));

  it('writes kinds', () => {
    expect(typesText(['request', 'customEvent'])).toBe('request,event');
    expect(typesText([])).toBeNull();
  });
});
