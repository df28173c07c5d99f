/** Conditions of KQL from values of a result, and where in a statement they go. */

import { name, text } from '../../lib/kql';
import type { Cell, Column } from '../../lib/query';
import type { Range } from '../../lib/time';

/** A value as a literal of its type. */
export function literal(cell: Cell, type: string): string {
  if (cell === null) return type === 'string' ? '""' : `${type}(null)`;
  switch (type) {
    case 'int': case 'long': return String(cell);
    case 'real': return `real(${String(cell).replace('Infinity', 'inf')})`;
    case 'decimal': return `decimal(${cell})`;
    case 'bool': return String(cell);
    case 'datetime': return `datetime(${cell})`;
    case 'timespan': return `time(${cell})`;
    case 'guid': return `guid(${cell})`;
    default: return text(typeof cell === 'object' ? JSON.stringify(cell) : String(cell));
  }
}

function condition({ name: column, type }: Column, values: Cell[]): string {
  const left = type === 'dynamic' ? `tostring(${name(column)})` : name(column);
  const some = values.filter((value) => value !== null);
  const parts: string[] = [];
  if (some.length === 1) parts.push(`${left} == ${literal(some[0] ?? null, type)}`);
  if (some.length > 1) {
    parts.push(`${left} in (${some.map((value) => literal(value, type)).join(', ')})`);
  }
  if (some.length < values.length) {
    parts.push(type === 'string' || type === 'dynamic' ? `isempty(${left})` : `isnull(${left})`);
  }
  return parts.length > 1 ? `(${parts.join(' or ')})` : (parts[0] ?? 'true');
}

/** `where` of selected cells. */
export function whereOf(cells: { column: Column; values: Cell[] }[]): string {
  return `| where ${cells.map(({ column, values }) => condition(column, values)).join(' and ')}`;
}

/** A line of `betweenOf`, and the column it is of. */
const between = /^\| where (.+) between \(datetime\([^()]*\) \.\. datetime\([^()]*\)\)$/;

/** `where` of a range of times. */
export function betweenOf(column: Column, { from, to }: Range): string {
  const [least, most] = [from, to].map((time) => `datetime(${time.toISOString()})`);
  return `| where ${name(column.name)} between (${least} .. ${most})`;
}

/**
 * The statement with a line more, before its `render` if it ends with one. A range takes the place
 * of another one that was put there before.
 */
export function withLine(kql: string, line: string): string {
  const trimmed = kql.replace(/[\s;]+$/, '');
  const found = /\n?\s*\|\s*render\s[^|]*$/.exec(trimmed);
  let start = trimmed.slice(0, found?.index ?? trimmed.length);
  const end = start.lastIndexOf('\n');
  const [, of = ''] = between.exec(line) ?? [];
  if (of !== '' && between.exec(start.slice(end + 1))?.[1] === of) start = start.slice(0, end);
  return [start, line, ...(found ? [trimmed.slice(found.index).trim()] : [])].join('\n');
}
