/** The `render` line of a query: read, and written anew when the chart is changed by hand. */

import { codeParts } from '../../editor/literals';
import { name, text } from '../../lib/kql';

export interface RenderLine {
  kind: string;
  properties: Record<string, string>;
}

/** Kinds to choose from, in the words of the screen. */
export const kinds: { kind: string; label: string }[] = [
  { kind: 'table', label: 'Table' },
  { kind: 'timechart', label: 'Time line' },
  { kind: 'linechart', label: 'Line' },
  { kind: 'areachart', label: 'Area' },
  { kind: 'stackedareachart', label: 'Stacked area' },
  { kind: 'columnchart', label: 'Columns' },
  { kind: 'barchart', label: 'Bars' },
  { kind: 'piechart', label: 'Pie' },
  { kind: 'scatterchart', label: 'Points' },
  { kind: 'card', label: 'Numbers' },
  { kind: 'anomalychart', label: 'Anomalies' },
  { kind: 'ladderchart', label: 'Ladder' },
  { kind: 'timeline', label: 'Timeline' },
  { kind: 'treemap', label: 'Treemap' },
];

/** Whether a kind is drawn; others are shown as a table. */
export function isDrawn(kind: string | undefined): boolean {
  return kind !== 'table' && kinds.some((found) => found.kind === kind);
}

/** Where a trailing `render` stands in a statement; strings and comments before it do not count. */
function find(kql: string): { start: number; end: number; line: string } | null {
  const parts = codeParts('\\|');
  let last = -1;
  for (const match of kql.matchAll(parts)) if (match[0] === '|') last = match.index;
  if (last < 0 || !/^\|\s*render\b/.test(kql.slice(last))) return null;
  const rest = kql.slice(last);
  const line = rest.replace(/[\s;]+$/, '');
  return { start: last, end: last + line.length, line };
}

/** Parts between commas; those of texts do not divide. */
const part = /(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^,"'])+/g;

function unquoted(value: string): string {
  const trimmed = value.trim().replace(/^\[(.*)\]$/s, '$1');
  const found = /^"(.*)"$|^'(.*)'$/s.exec(trimmed);
  if (!found) return trimmed;
  return (found[1] ?? found[2] ?? '').replace(/\\(.)/g, (_, sign: string) => (
    sign === 'n' ? '\n' : sign === 't' ? '\t' : sign
  ));
}

/** What a statement says of its picture; `null`: nothing. */
export function readRender(kql: string): RenderLine | null {
  const found = find(kql);
  if (!found) return null;
  const parts = /^\|\s*render\s+(\w+)\s*(?:with\s*\(([\s\S]*)\))?/.exec(found.line);
  if (!parts) return null;
  const properties: Record<string, string> = {};
  let last = '';
  for (const [written] of (parts[2] ?? '').matchAll(part)) {
    const [, key, value = ''] = /^\s*([A-Za-z_]\w*)\s*=([\s\S]*)$/.exec(written) ?? [];
    // Without a name it is one more column of the list before.
    if (key === undefined) {
      if (last !== '') properties[last] += `, ${unquoted(written)}`;
    } else {
      properties[key] = unquoted(value);
      last = key;
    }
  }
  return { kind: parts[1] ?? 'table', properties };
}

const texts = new Set(['title', 'xtitle', 'ytitle']);
const columns = new Set(['xcolumn', 'ycolumns', 'series', 'anomalycolumns']);

function written(key: string, value: string): string {
  if (texts.has(key)) return `${key}=${text(value)}`;
  if (!columns.has(key)) return `${key}=${value}`;
  return `${key}=${value.split(',').map((part) => name(part.trim())).join(', ')}`;
}

/** How many rows a statement gives. */
export function countOf(kql: string): string {
  const rest = writeRender(kql, { kind: 'table', properties: {} }).replace(/[\s;]+$/, '');
  return `${rest}\n| count`;
}

/** The statement with another `render` line; `table` without properties takes it away. */
export function writeRender(kql: string, line: RenderLine): string {
  const properties = Object.entries(line.properties).filter(([, value]) => value.trim() !== '');
  const found = find(kql);
  const rest = found ? kql.slice(0, found.start).trimEnd() : kql.replace(/[\s;]+$/, '');
  const tail = found ? kql.slice(found.end) : '';
  if (line.kind === 'table' && properties.length === 0) return rest + tail;
  const list = properties.map(([key, value]) => written(key, value)).join(', ');
  return `${rest}\n| render ${line.kind}${list === '' ? '' : ` with (${list})`}${tail}`;
}
