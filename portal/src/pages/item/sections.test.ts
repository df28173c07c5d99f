import { describe, expect, it } from 'vitest';
import type { Row } from '../../lib/query';
import { context, customData, filterOf, ownData, pretty, rawRow } from './sections';

const row: Row = {
  itemType: 'customEvent', name: 'Task Execution', operation_Id: '', user_Id: 'u1',
  client_OS: 'Linux', itemCount: 1, severityLevel: null,
  customDimensions: { taskName: 'sign', item10: 'b', item9: 'a', settings: '{"retries":3}' },
  customMeasurements: { bytes: 12 },
};

describe('what an item shows', () => {
  it('has custom data by name, numbers in order', () => {
    expect(customData(row).map((entry) => [entry.field, entry.kind])).toEqual([
      ['m.bytes', 'number'], ['d.item9', 'text'], ['d.item10', 'text'], ['d.settings', 'json'],
      ['d.taskName', 'text'],
    ]);
  });

  it('leaves out what is empty', () => {
    expect(ownData(row).map((entry) => entry.label)).toEqual(['Name']);
    expect(context(row).map((section) => section.title)).toEqual([
      'User and session', 'Device', 'Application',
    ]);
    expect(rawRow(row)).not.toHaveProperty('operation_Id');
  });

  it.each([
    ['d.k', { customDimensions: { k: 'x'.repeat(8192) } }, 8192],
    ['d.k', { customDimensions: { k: 'x'.repeat(8191) } }, null],
  ])('tells what may have been cut: %s', (field, more, cutAt) => {
    const found = customData({ ...row, ...more }).find((entry) => entry.field === field);
    expect(found?.cutAt).toBe(cutAt);
  });

  it('knows the limits of kinds', () => {
    const cutAt = (itemType: string, name: string): unknown =>
      ownData({ itemType, name }).find((entry) => entry.field === 'name')?.cutAt;
    expect(cutAt('customEvent', 'x'.repeat(512))).toBe(512);
    expect(cutAt('request', 'x'.repeat(512))).toBeNull();
    expect(cutAt('request', 'x'.repeat(1024))).toBe(1024);
  });

  it.each([
    ['{"a":1}', '{\n  "a": 1\n}'], ['[1]', '[\n  1\n]'], ['{a}', null], ['12', null], ['', null],
  ])('structure of %j', (text, want) => expect(pretty(text)).toBe(want));

  it('filters by the beginning of what is long', () => {
    const [entry] = customData({ customDimensions: { k: 'x'.repeat(900) } });
    if (!entry) throw new Error('no entry');
    expect(filterOf(entry, true)).toMatchObject({ op: 'starts', values: ['x'.repeat(300)] });
    expect(filterOf({ ...entry, text: 'short' }, false)).toEqual({
      field: 'd.k', op: 'ne', values: ['short'],
    });
  });
});
