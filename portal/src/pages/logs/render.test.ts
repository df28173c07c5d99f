import { describe, expect, it } from 'vitest';
import { countOf, readRender, writeRender } from './render';

describe('reading', () => {
  it.each([
    ['x', null],
    ['x | render timechart', { kind: 'timechart', properties: {} }],
    ['x\n| render barchart with (kind=stacked, title="a, b = \\"c\\"", ycolumns=a, b, xcolumn=t)', {
      kind: 'barchart',
      properties: { kind: 'stacked', title: 'a, b = "c"', ycolumns: 'a, b', xcolumn: 't' },
    }],
    ['x // | render piechart', null],
    ['x | where a == "| render piechart"', null],
    ['x | render piechart | take 1', null],
  ])('%s', (kql, expected) => expect(readRender(kql)).toEqual(expected));
});

describe('writing', () => {
  it.each([
    ['x | take 1', { kind: 'piechart', properties: {} }, 'x | take 1\n| render piechart'],
    ['x\n| render timechart', { kind: 'table', properties: {} }, 'x'],
    ['x\n| render timechart\n', { kind: 'areachart', properties: { kind: 'unstacked', title: '' } },
      'x\n| render areachart with (kind=unstacked)\n'],
    ['x', { kind: 'linechart', properties: { title: 'a "b"', ycolumns: 'p 95, n' } },
      'x\n| render linechart with (title="a \\"b\\"", ycolumns=["p 95"], n)'],
  ])('%s', (kql, line, expected) => expect(writeRender(kql, line)).toBe(expected));

  it('reads what it wrote', () => {
    const line = { kind: 'columnchart', properties: { title: 'a\n\t"\\', kind: 'stacked100' } };
    expect(readRender(writeRender('x', line))).toEqual(line);
  });
});

it('counts the rows of what is drawn', () => {
  expect(countOf('let a = 1;\nx | take a\n| render piechart;')).toBe(
    'let a = 1;\nx | take a\n| count',
  );
});

it('reads columns of any name', () => {
  const line = { kind: 'linechart', properties: { ycolumns: 'p 95, n' } };
  expect(readRender(writeRender('x', line))).toEqual(line);
});
