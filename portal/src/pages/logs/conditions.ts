/** Conditions of KQL from values of a result, and where in a statement they go. */

import { name, text } from '../../lib/kql';
import type { Cell, Column } from '../../lib/query';

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

/** The statement with a line more, before its `render` if it ends with one. */
export function withLine(kql: string, line: string): string {
  const trimmed = kql.replace(/[\s;]+$/, '');
  const found = /\n?\s*\|\s*render\s[^|]*$/.exec(trimmed);
  if (!found) return `${trimmed}\n${line}`;
  return `${trimmed.slice(0, found.index)}\n${line}\n${trimmed.slice(found.index).trim()}`;
}
