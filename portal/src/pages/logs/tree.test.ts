import { expect, it } from 'vitest';
import type { Schema } from '../../lib/schema';
import { treeLines } from './tree';

const schema: Schema = {
  tables: [{
    name: 'customEvents', group: 'telemetry', doc: '', timeColumn: 'timestamp',
    columns: [
      { name: 'name', type: 'string', doc: '' },
      { name: 'customDimensions', type: 'dynamic', doc: '' },
    ],
    keys: Array.from({ length: 60 }, (_, at) => ({
      column: 'customDimensions', key: at === 7 ? 'task "x"' : `k${at}`, rows: 60 - at,
    })),
  }],
  functions: [{ name: 'PassRate', doc: 'd', parameters: [{ name: 'from', type: 'datetime' }] }],
  implemented: { functions: [], aggregates: [], operators: [], plugins: [], renders: [] },
};

function labels(filter: string, ...open: string[]): string[] {
  return treeLines(schema, new Set(open), filter).map(({ level, label }) => `${level} ${label}`);
}

it('shows what is open', () => {
  expect(labels('')).toEqual(['1 Telemetry', '1 Functions']);
  expect(labels('', 'group telemetry', 'customEvents')).toEqual([
    '1 Telemetry', '2 customEvents', '3 name', '3 customDimensions', '1 Functions',
  ]);
});

it('announces keys beyond the limit', () => {
  const found = labels('', 'group telemetry', 'customEvents', 'customEvents.customDimensions');
  expect(found.filter((label) => label.startsWith('4'))).toHaveLength(51);
  expect(found).toContain('4 10 more: filter to find them');
});

it('finds tables, columns, keys and functions', () => {
  expect(labels('task')).toEqual([
    '1 Telemetry', '2 customEvents', '3 customDimensions', '4 task "x"',
  ]);
  expect(labels('passr')).toEqual(['1 Functions', '2 PassRate']);
  expect(labels('nothing')).toEqual([]);
});

it('writes keys of any name', () => {
  const found = treeLines(schema, new Set(), 'task').find(({ kind }) => kind === 'key');
  expect(found?.insert).toBe('tostring(customDimensions["task \\"x\\""])');
});
