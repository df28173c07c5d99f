import { describe, expect, it } from 'vitest';
import { axisMarks, layout, pathTo, visibleRows, type Item, type Span } from './layout';

function item(id: string, parentId: string, start: number, more: Partial<Item> = {}): Item {
  return {
    itemId: `item-${id}`, itemType: 'dependency', id, parentId, start, duration: 10, what: id,
    role: 'web', isError: false, ...more,
  };
}

/** The tree as a text: indented titles with start and end. */
function drawn(roots: Span[]): string[] {
  return visibleRows(roots, new Set()).map((span) => {
    const ticks = span.ticks.map((tick) => ` |${tick.item.what}@${tick.at}`).join('');
    const moved = span.shift === 0 ? '' : ` ⟂${span.shift}`;
    return `${'  '.repeat(span.depth)}${span.title} ${span.start}-${span.end}${moved}${ticks}`;
  });
}

describe('the tree of an operation', () => {
  it('is by parent id, siblings in time order', () => {
    const found = layout([
      item('c', 'a', 30), item('a', '', 0, { duration: 100 }), item('b', 'a', 20),
      item('d', 'b', 22),
    ], 'op');
    expect(drawn(found.roots)).toEqual(['a 0-100', '  b 20-30', '    d 22-32', '  c 30-40']);
    expect([found.start, found.end, found.shifted]).toEqual([0, 100, 0]);
  });

  it('takes the operation id for no parent', () => {
    expect(drawn(layout([item('a', 'op', 0)], 'op').roots)).toEqual(['a 0-10']);
  });

  it('gathers those whose parent was not received, last', () => {
    const found = layout([item('x', 'gone', 5), item('a', '', 50), item('y', 'lost', 1)], 'op');
    expect(drawn(found.roots)).toEqual([
      'a 50-60', 'Parent not received 1-15', '  y 1-11', '  x 5-15',
    ]);
  });

  it.each([
    ['itself', [item('a', 'a', 0)], ['a 0-10']],
    ['each other', [item('a', 'b', 0), item('b', 'a', 5)], ['b 5-15', '  a 5-15 ⟂5']],
    ['three in a ring', [item('a', 'c', 0), item('b', 'a', 1), item('c', 'b', 2)],
      ['c 2-12', '  a 2-12 ⟂2', '    b 3-13 ⟂2']],
  ])('cuts a loop open: %s', (_, items, want) => {
    expect(drawn(layout(items, 'op').roots)).toEqual(want);
  });

  it('moves what began before its parent, and what is below it', () => {
    const items = [
      item('a', '', 100, { duration: 50 }), item('b', 'a', 90), item('c', 'b', 92),
      item('t', 'b', 94, { itemType: 'trace', duration: null, id: '' }),
    ];
    const found = layout(items, 'op');
    expect(drawn(found.roots)).toEqual([
      'a 100-150', '  b 100-110 ⟂10 |t@104', '    c 102-112 ⟂10',
    ]);
    expect(found.shifted).toBe(1);
    expect(drawn(layout(items, 'op', true).roots)).toEqual([
      'a 100-150', '  b 90-100 |t@94', '    c 92-102',
    ]);
  });

  it('leaves rounding alone', () => {
    expect(layout([item('a', '', 100), item('b', 'a', 99.5)], 'op').shifted).toBe(0);
  });

  it('marks exceptions, traces and events on the bar of their parent', () => {
    const found = layout([
      item('a', '', 0, { duration: 100 }),
      item('', 'a', 40, { itemType: 'exception', duration: null, what: 'boom', isError: true }),
      item('', '', 70, { itemType: 'customEvent', duration: null, what: 'done' }),
    ], 'op');
    expect(drawn(found.roots)).toEqual([
      'a 0-100 |boom@40', 'Not within a request or dependency 70-70 |done@70',
    ]);
    expect(found.roots[0]?.hasError).toBe(true);
  });

  it('has what runs still', () => {
    const [a] = layout([item('a', '', 7, { duration: null })], 'op').roots;
    expect([a?.isOpen, a?.start, a?.end]).toEqual([true, 7, 7]);
  });

  it('is empty without items', () => {
    expect(layout([], 'op')).toEqual({ roots: [], start: 0, end: 0, shifted: 0 });
  });

  it('takes the first of two items with one id', () => {
    const twice = layout([item('a', '', 0), item('a', '', 5), item('b', 'a', 6)], 'op');
    expect(drawn(twice.roots)).toEqual(['a 0-10', '  b 6-16', 'a 5-15']);
  });

  it('is quick with 10,000 items in one line or one row', () => {
    const deep = Array.from({ length: 10_000 }, (_, at) => item(`${at}`, `${at - 1}`, at));
    const flat = Array.from({ length: 10_000 }, (_, at) => item(`${at}`, at ? '0' : '', at));
    const reversed = deep.toReversed();
    for (const items of [deep, flat, reversed]) {
      const before = performance.now();
      const found = layout(items, '-1');
      expect(visibleRows(found.roots, new Set())).toHaveLength(10_000);
      expect(performance.now() - before).toBeLessThan(1500);
    }
  });
});

describe('rows', () => {
  const { roots } = layout([
    item('a', '', 0), item('b', 'a', 1), item('c', 'b', 2), item('d', '', 3),
    item('', 'c', 2, { itemId: 'tick', itemType: 'trace' }),
  ], 'op');

  it('leaves out what is below a collapsed one', () => {
    expect(visibleRows(roots, new Set(['item-a'])).map((span) => span.title)).toEqual(['a', 'd']);
  });

  it.each([
    ['item-c', { above: ['item-a', 'item-b'], key: 'item-c' }],
    ['tick', { above: ['item-a', 'item-b'], key: 'item-c' }],
    ['item-d', { above: [], key: 'item-d' }],
    ['none', null],
  ])('finds the way to %s', (id, want) => expect(pathTo(roots, id)).toEqual(want));
});

it.each([
  [0, [0]], [10, [0, 2, 4, 6, 8, 10]],
  [60_000, [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]],
  [0.4, [0, 0.1, 0.2, 0.30000000000000004, 0.4]],
])('marks of %j ms', (total, marks) => expect(axisMarks(total)).toEqual(marks));
