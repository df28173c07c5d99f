/** What stands beside the pointer: made of nodes with texts, never of markup. */

import type { Zone } from '../lib/time';
import { shortName, type Marker } from './basis';
import type { Drawn } from './option';
import type { XyModel } from './model';
import { reserved, type Tokens } from './tokens';
import { exact, placeName, type Unit } from './units';

/** Rows of a tooltip; the rest is counted. */
const ROWS_MAX = 12;

interface Hit {
  seriesName?: string;
  dataIndex: number;
  name: string;
  value: unknown;
}

export interface TipRow {
  name: string;
  value: string;
  color: string;
}

export interface Tip {
  title: string;
  rows: TipRow[];
  more: number;
  /** What happened there besides, such as deployments. */
  notes?: string[];
}

/** What a tip is made of besides the chart. */
export interface TipFrame {
  unit: Unit;
  zone: Zone;
  markers: Marker[];
  /** Milliseconds of a bin; 0: the chart has none. */
  bin: number;
  /** Series and groups that are switched off. */
  hidden: ReadonlySet<string>;
}

/** Markers of a tip; the rest is counted. */
const NOTES_MAX = 4;

/** The markers that lie in the bin that starts at `x`. */
export function notesAt(x: number, { markers, bin }: TipFrame): string[] {
  const found = markers.filter(({ at }) => at.getTime() >= x && at.getTime() < x + bin);
  const signs = { pass: '●', fail: '✕', plain: '·' };
  const shown = found.slice(0, NOTES_MAX)
    .map(({ label, kind }) => `${signs[kind ?? 'plain']} ${shortName(label, 60)}`);
  const more = found.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

const glyphs: Record<string, string> = {
  pass: '●', fail: '✕', partly: '◐', canceled: '○', flaky: '⚡',
};

/** What is at a place of the x axis, largest value first. */
export function xyTip(
  model: XyModel,
  drawn: Drawn,
  points: { name: string; index: number }[],
  frame: TipFrame,
): Tip {
  const { zone } = frame;
  const found = points.map(({ name, index }) => {
    const series = model.series.find((other) => other.name === name);
    return { name, unit: series?.unit ?? 'none', y: series?.y[index] ?? NaN };
  }).filter(({ y }) => !Number.isNaN(y)).toSorted((a, b) => b.y - a.y);
  const sum = found.reduce((all, { y }) => all + Math.abs(y), 0);
  const first = points[0];
  const x = model.series.find(({ name }) => name === first?.name)?.x[first?.index ?? 0] ?? NaN;
  const rows = found.slice(0, ROWS_MAX).map(({ name, unit, y }) => {
    const share = model.stack === 'stacked100' && sum > 0
      ? ` (${((100 * Math.abs(y)) / sum).toFixed(1)} %)` : '';
    const glyph = glyphs[reserved(name, model.seriesColumn) ?? ''];
    return {
      name: glyph ? `${glyph} ${name}` : name,
      value: exact(y, unit) + share,
      color: drawn.looks.get(name)?.color ?? '',
    };
  });
  const title = placeName(x, model.axis, model.categories, zone);
  return {
    title: model.axis === 'time' ? `${title} ${zone}` : title, rows,
    more: found.length - rows.length,
    notes: model.axis === 'time' ? notesAt(x, frame) : [],
  };
}

/** What is below the pointer of charts without axes, and of single bars. */
export function itemTip(drawn: Drawn, hit: Hit, frame: TipFrame): Tip | null {
  const { model } = drawn;
  const { unit, zone } = frame;
  switch (model.shape) {
    case 'pie': {
      const value = Number(hit.value);
      const share = model.total > 0 ? ` (${((100 * value) / model.total).toFixed(1)} %)` : '';
      const color = drawn.looks.get(hit.name)?.color ?? '';
      return {
        title: '', more: 0, rows: [{ name: hit.name, value: exact(value, unit) + share, color }],
      };
    }
    case 'tree':
      return {
        title: '', more: 0,
        rows: [{ name: hit.name, value: exact(Number(hit.value), unit), color: '' }],
      };
    case 'gantt': {
      const bar = model.bars.filter(({ group }) => !frame.hidden.has(group))[hit.dataIndex];
      if (!bar) return null;
      const end = placeName(bar.to, model.axis, [], zone);
      const length = exact(bar.to - bar.from, model.axis === 'time' ? 'ms' : unit);
      const rows = [
        { name: 'From', value: placeName(bar.from, model.axis, [], zone), color: '' },
        { name: 'To', value: end, color: '' },
        { name: 'Length', value: length, color: '' },
      ];
      return { title: bar.group ? `${bar.name} – ${bar.group}` : bar.name, rows, more: 0 };
    }
    case 'xy': {
      const index = hit.dataIndex;
      return xyTip(model, drawn, [{ name: hit.seriesName ?? '', index }], frame);
    }
    case 'card': return null;
  }
}

/** The tip as one line, for those who hear it. */
export function spoken(tip: Tip): string {
  const rows = tip.rows.map(({ name, value }) => `${shortName(name, 60)} ${value}`);
  return [tip.title, ...rows, ...(tip.notes ?? [])].filter(Boolean).join(', ');
}

function node(kind: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(kind);
  made.className = className;
  if (text !== '') made.textContent = text;
  return made;
}

export function tipElement(tip: Tip): HTMLElement {
  const box = node('div', 'chart-tip');
  if (tip.title) box.append(node('div', 'chart-tip-title', shortName(tip.title, 120)));
  for (const row of tip.rows) {
    const line = node('div', 'chart-tip-row');
    const mark = node('span', 'chart-tip-mark');
    mark.style.background = row.color || 'transparent';
    line.append(
      mark, node('span', 'chart-tip-name', shortName(row.name, 48)),
      node('span', 'chart-tip-value', row.value),
    );
    box.append(line);
  }
  if (tip.more > 0) box.append(node('div', 'chart-tip-more', `and ${tip.more} more`));
  for (const note of tip.notes ?? []) box.append(node('div', 'chart-tip-note', note));
  // It lies outside of the page; what it says is told by the cursor of the keyboard.
  queueMicrotask(() => box.parentElement?.setAttribute('aria-hidden', 'true'));
  return box;
}

/** The `tooltip` of the option. */
export function tooltipOption(drawn: Drawn, tokens: Tokens, frame: TipFrame): object {
  const { model } = drawn;
  const isAxis = model.shape === 'xy' && model.kind !== 'scatter';
  const show = (given: Hit | Hit[]): HTMLElement | string => {
    const tip = Array.isArray(given) && model.shape === 'xy'
      ? xyTip(model, drawn, given.map((hit) =>
        ({ name: hit.seriesName ?? '', index: hit.dataIndex })), frame)
      : itemTip(drawn, given as Hit, frame);
    return tip && tip.rows.length > 0 ? tipElement(tip) : '';
  };
  return {
    trigger: isAxis ? 'axis' : 'item',
    // An arrow would be markup with styles; confined tips have none.
    confine: !isAxis,
    appendTo: 'body',
    transitionDuration: 0,
    axisPointer: {
      type: model.shape === 'xy' && (model.kind === 'column' || model.kind === 'bar')
        ? 'shadow' : 'line',
      animation: false,
      lineStyle: { color: tokens.lineStrong, type: 'solid' },
      shadowStyle: { color: tokens.textSoft, opacity: 0.12 },
    },
    backgroundColor: tokens.surface,
    borderColor: tokens.line,
    padding: 0,
    textStyle: { color: tokens.text, fontSize: 12, fontFamily: tokens.font },
    formatter: show,
  };
}
