import { describe, expect, it } from 'vitest';
import type { Row } from '../../lib/query';
import {
  chainCuts, context, customData, filterOf, otherCuts, ownData, pretty, rawRow,
} from './sections';

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

  it('tells what was cut by the stored mark alone', () => {
    const long = 'k'.repeat(150);
    const cut: Row = {
      ...row, itemType: 'exception', name: 'n'.repeat(512), user_Id: 'u'.repeat(128),
      customDimensions: { log: 'l'.repeat(8192), whole: 'w'.repeat(8192), [long]: 'v' },
      details: [{ type: 'T', message: 'm'.repeat(32_768) }, { type: 'I' }],
      _Cut: {
        name: 600, 'customDimensions.log': 20_134, [`customDimensions.${long} (key)`]: 151,
        user_Id: 129, 'details[0].message': 40_000, 'ai.user.userAgent': 3000, '(more)': 2,
      },
    };
    const custom = (field: string) => customData(cut).find((entry) => entry.field === field);
    expect(custom('d.log')).toMatchObject({ cut: { kept: 8192, was: 20_134 }, cutKey: null });
    expect(custom('d.whole')).toMatchObject({ cut: null, cutKey: null });
    expect(custom(`d.${long}`)).toMatchObject({ cut: null, cutKey: { kept: 150, was: 151 } });
    expect(ownData(cut)[0]?.cut).toEqual({ kept: 512, was: 600 });
    expect(context(cut)[0]?.entries[0]?.cut).toEqual({ kept: 128, was: 129 });
    expect(chainCuts(cut)).toEqual([[{ place: 'details[0].message', kept: 32_768, was: 40_000 }]]);
    expect(otherCuts(cut)).toEqual([['ai.user.userAgent', 3000], ['(more)', 2]]);
    expect(otherCuts(row)).toEqual([]);
    expect(ownData({ itemType: 'customEvent', name: 'x'.repeat(512) })[0]?.cut).toBeNull();
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
