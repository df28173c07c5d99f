/**
 * The tree of an operation and its bars: items by parent id, in time order, with orphans in a
 * group of their own, loops cut open, and clocks that go wrong put right.
 */

export interface Item {
  itemId: string;
  itemType: string;
  /** Id that children name as their parent; empty: it has none. */
  id: string;
  parentId: string;
  /** Milliseconds since 1970, with fractions. */
  start: number;
  /** Milliseconds; `null`: it has none, or has not ended. */
  duration: number | null;
  what: string;
  /** Component: the role. */
  role: string;
  isError: boolean;
}

/** A mark on a bar: an exception, a trace or an event. */
export interface Tick {
  item: Item;
  /** Where it is drawn. */
  at: number;
}

export interface Span {
  /** Key of the row: the item's id, or `orphans`, or `loose`. */
  key: string;
  /** `null`: a group that stands for what was not received. */
  item: Item | null;
  title: string;
  depth: number;
  start: number;
  end: number;
  /** Milliseconds it was moved by, because it began before its parent. */
  shift: number;
  ticks: Tick[];
  children: Span[];
  /** Whether it, or anything below it, is an error. */
  hasError: boolean;
  /** The item has no end yet. */
  isOpen: boolean;
}

export interface Layout {
  roots: Span[];
  start: number;
  end: number;
  /** Spans that were moved. */
  shifted: number;
}

/** Kinds that have a bar; the others are ticks on their parent's bar. */
const withBar = new Set(['request', 'dependency', 'pageView', 'availabilityResult']);

/** Times are stored in ticks, durations in milliseconds: less than this is no skew. */
const ROUNDING_MS = 1;

function spanOf(item: Item): Span {
  return {
    key: item.itemId, item, title: item.what, depth: 0, start: item.start,
    end: item.start + (item.duration ?? 0), shift: 0, ticks: [], children: [],
    hasError: item.isError, isOpen: item.duration === null,
  };
}

function group(key: string, title: string): Span {
  return {
    key, item: null, title, depth: 0, start: 0, end: 0, shift: 0, ticks: [], children: [],
    hasError: false, isOpen: false,
  };
}

/** Lays out the items of an operation; `raw`: with the times as they were sent. */
export function layout(items: Item[], operationId: string, raw = false): Layout {
  const spans = items.filter((item) => withBar.has(item.itemType)).map(spanOf);
  const byId = new Map<string, Span>();
  for (const span of spans) {
    const id = span.item?.id ?? '';
    if (id !== '' && !byId.has(id)) byId.set(id, span);
  }
  const orphans = group('orphans', 'Parent not received');
  const loose = group('loose', 'Not within a request or dependency');
  const roots = connect(spans, byId, operationId, orphans);
  for (const item of items) {
    if (withBar.has(item.itemType)) continue;
    const parent = byId.get(item.parentId) ?? loose;
    parent.ticks.push({ item, at: item.start });
  }
  const all = [...roots];
  if (orphans.children.length > 0) all.push(orphans);
  if (loose.ticks.length > 0) all.push(loose);
  const shifted = place(all, raw);
  let [start, end] = [Infinity, -Infinity];
  walk(all, (span) => {
    start = Math.min(start, span.start, ...span.ticks.slice(0, 1).map((tick) => tick.at));
    end = Math.max(end, span.end);
    for (const { at } of span.ticks) {
      start = Math.min(start, at);
      end = Math.max(end, at);
    }
  });
  if (start > end) [start, end] = [0, 0];
  return { roots: all, start, end, shifted };
}

/** Hangs every span below its parent; gives those without one. */
function connect(
  spans: Span[],
  byId: Map<string, Span>,
  operationId: string,
  orphans: Span,
): Span[] {
  const parents = new Map<Span, Span>();
  const roots: Span[] = [];
  for (const span of spans) {
    const parentId = span.item?.parentId ?? '';
    const parent = byId.get(parentId);
    if (parent && parent !== span && !isAbove(parents, span, parent)) {
      parents.set(span, parent);
      parent.children.push(span);
    } else if (parent || parentId === '' || parentId === operationId) {
      roots.push(span);
    } else {
      orphans.children.push(span);
    }
  }
  return roots;
}

/** Whether `span` stands above `other` already: as its child it would close a loop. */
function isAbove(parents: Map<Span, Span>, span: Span, other: Span): boolean {
  // A span without children yet stands above nothing.
  if (span.children.length === 0) return false;
  for (let at: Span | undefined = other; at; at = parents.get(at)) if (at === span) return true;
  return false;
}

/** Sets depth, order and times, parents before children; gives how many were moved. */
function place(roots: Span[], raw: boolean): number {
  let shifted = 0;
  const order = (a: Span, b: Span): number => a.start - b.start;
  const stack = roots.map((span) => ({ span, depth: 0, parent: null as Span | null }));
  const seen: Span[] = [];
  while (stack.length > 0) {
    const next = stack.pop();
    if (!next) break;
    const { span, depth, parent } = next;
    span.depth = depth;
    if (!raw && parent?.item && span.item) {
      // What is below a moved span is by the same clock, most likely.
      const start = span.start + parent.shift;
      const late = parent.start - start;
      const by = parent.shift + (late > ROUNDING_MS ? late : 0);
      span.shift = by;
      span.start += by;
      span.end += by;
      if (late > ROUNDING_MS) shifted += 1;
    }
    for (const tick of span.ticks) tick.at += raw ? 0 : span.shift;
    span.ticks.sort((a, b) => a.at - b.at);
    for (const child of span.children) stack.push({ span: child, depth: depth + 1, parent: span });
    seen.push(span);
  }
  // Children before parents: groups take their ends from what they hold.
  for (const span of seen.reverse()) {
    span.children.sort(order);
    span.hasError ||= span.children.some((child) => child.hasError)
      || span.ticks.some((tick) => tick.item.isError);
    if (span.item) continue;
    const starts = [...span.children.map((child) => child.start), ...span.ticks.map((t) => t.at)];
    const ends = [...span.children.map((child) => child.end), ...span.ticks.map((t) => t.at)];
    span.start = starts.reduce((least, at) => Math.min(least, at), Infinity);
    span.end = ends.reduce((most, at) => Math.max(most, at), -Infinity);
  }
  roots.sort((a, b) => Number(a.item === null) - Number(b.item === null) || order(a, b));
  return shifted;
}

/** Calls `visit` for each span, in the order of the tree. */
export function walk(roots: Span[], visit: (span: Span) => boolean | void): void {
  const stack = roots.toReversed();
  for (let span = stack.pop(); span; span = stack.pop()) {
    if (visit(span) === false) continue;
    for (let at = span.children.length - 1; at >= 0; at -= 1) {
      const child = span.children[at];
      if (child) stack.push(child);
    }
  }
}

/** The rows that are shown: all but those below a collapsed one. */
export function visibleRows(roots: Span[], collapsed: ReadonlySet<string>): Span[] {
  const rows: Span[] = [];
  walk(roots, (span) => {
    rows.push(span);
    return !collapsed.has(span.key);
  });
  return rows;
}

/** Keys of the spans above the one of an item (or its tick), outermost first, and its own. */
export function pathTo(roots: Span[], itemId: string): { above: string[]; key: string } | null {
  const above: string[] = [];
  let found: { above: string[]; key: string } | null = null;
  walk(roots, (span) => {
    if (found) return false;
    above.length = span.depth;
    if (span.item?.itemId === itemId || span.ticks.some((tick) => tick.item.itemId === itemId)) {
      found = { above: [...above], key: span.key };
      return false;
    }
    above.push(span.key);
    return true;
  });
  return found;
}

/** Steps of the axis in milliseconds: 1, 2 or 5 times a power of ten, or of a clock. */
const steps = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000,
  60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000,
  21_600_000, 43_200_000, 86_400_000,
];

/** Offsets in milliseconds at which the axis has a mark: at most `most`. */
export function axisMarks(total: number, most = 6): number[] {
  if (!(total > 0)) return [0];
  const days = Math.ceil(total / most / 86_400_000) * 86_400_000;
  const step = steps.find((found) => total / found <= most) ?? days;
  return Array.from({ length: Math.floor(total / step) + 1 }, (_, at) => at * step);
}
