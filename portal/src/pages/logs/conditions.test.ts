import { expect, it } from 'vitest';
import type { Cell } from '../../lib/query';
import { betweenOf, whereOf, withLine } from './conditions';

it.each([
  ['string', ['a"b'], 'c == "a\\"b"'],
  ['string', ['a', null], '(c == "a" or isempty(c))'],
  ['long', [1, '9007199254740993'], 'c in (1, 9007199254740993)'],
  ['datetime', ['2026-11-29T00:00:00Z'], 'c == datetime(2026-11-29T00:00:00Z)'],
  ['timespan', ['1.00:00:00'], 'c == time(1.00:00:00)'],
  ['real', [1.5], 'c == real(1.5)'],
  ['bool', [true], 'c == true'],
  ['dynamic', [{ a: 1 }], 'tostring(c) == "{\\"a\\":1}"'],
  ['long', [null], 'isnull(c)'],
] as [string, Cell[], string][])('%s %j', (type, values, expected) => {
  expect(whereOf([{ column: { name: 'c', type }, values }])).toBe(`| where ${expected}`);
});

it.each([
  ['x', 'x\n| where a'],
  ['x | take 1;', 'x | take 1\n| where a'],
  ['x\n| render piechart', 'x\n| where a\n| render piechart'],
])('goes into %s', (kql, expected) => expect(withLine(kql, '| where a')).toBe(expected));

it('has one range of a column', () => {
  const line = (name: string, day: number): string => betweenOf({ name, type: 'datetime' }, {
    from: new Date(Date.UTC(2026, 10, day)), to: new Date(Date.UTC(2026, 10, day + 1)),
  });
  expect(line('t', 1)).toBe('| where t between '
    + '(datetime(2026-11-01T00:00:00.000Z) .. datetime(2026-11-02T00:00:00.000Z))');
  const first = withLine('x\n| render timechart', line('t', 1));
  expect(first).toBe(`x\n${line('t', 1)}\n| render timechart`);
  expect(withLine(first, line('t', 2))).toBe(`x\n${line('t', 2)}\n| render timechart`);
  expect(withLine(`x\n${line('t', 1)}`, line('u', 2))).toBe(`x\n${line('t', 1)}\n${line('u', 2)}`);
});
