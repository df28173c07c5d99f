/**
 * The filter grammar of addresses, `field:op:value[,value…]`, and what it means in KQL.
 * A field is a column, `d.key` (custom dimension) or `m.key` (custom measurement).
 */

import { name, text } from './kql';

export type Op =
  | 'eq' | 'ne' | 'in' | 'nin' | 'has' | 'contains' | 'starts' | 'gt' | 'ge' | 'lt' | 'le'
  | 'exists' | 'missing';

export interface Filter {
  field: string;
  op: Op;
  values: string[];
}

export const ops: { op: Op; label: string; values: 'none' | 'one' | 'many' }[] = [
  { op: 'eq', label: 'is', values: 'one' },
  { op: 'ne', label: 'is not', values: 'one' },
  { op: 'in', label: 'is one of', values: 'many' },
  { op: 'nin', label: 'is none of', values: 'many' },
  { op: 'has', label: 'has the word', values: 'one' },
  { op: 'contains', label: 'contains', values: 'one' },
  { op: 'starts', label: 'starts with', values: 'one' },
  { op: 'gt', label: '>', values: 'one' },
  { op: 'ge', label: '≥', values: 'one' },
  { op: 'lt', label: '<', values: 'one' },
  { op: 'le', label: '≤', values: 'one' },
  { op: 'exists', label: 'has a value', values: 'none' },
  { op: 'missing', label: 'has no value', values: 'none' },
];

/** Percent-encodes what separates parts; the address encodes the rest. */
function encode(part: string): string {
  return part.replace(/[%:,]/g, (found) => encodeURIComponent(found));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function formatFilter({ field, op, values }: Filter): string {
  const parts = [encode(field), op];
  if (values.length > 0) parts.push(values.map(encode).join(','));
  return parts.join(':');
}

/** The filter of a text; `null` when it is not one. */
export function parseFilter(written: string): Filter | null {
  const parts = written.split(':');
  const [field, op] = parts;
  const known = ops.find((found) => found.op === op);
  if (!field || !known) return null;
  const values = parts.length > 2 ? parts.slice(2).join(':').split(',').map(decode) : [];
  if (known.values === 'none') return { field: decode(field), op: known.op, values: [] };
  return values.length === 0 ? null : { field: decode(field), op: known.op, values };
}

export function filtersOf(query: URLSearchParams): Filter[] {
  return query.getAll('f').map(parseFilter).filter((found) => found !== null);
}

/** Columns that hold numbers; others are compared as texts. */
const numeric = new Set([
  'duration', 'itemCount', 'severityLevel', 'value', 'valueSum', 'valueCount', 'valueMin',
  'valueMax', 'size', 'DurationMs', 'BuildId', 'Attempt',
]);

/** The field as an expression. */
export function fieldKql(field: string): string {
  if (field.startsWith('d.')) return `tostring(customDimensions[${text(field.slice(2))}])`;
  if (field.startsWith('m.')) return `todouble(customMeasurements[${text(field.slice(2))}])`;
  return name(field);
}

/** How people read the field. */
export function fieldLabel(field: string): string {
  return field.replace(/^[dm]\./, '');
}

function literal(field: string, value: string): string {
  const isNumber = field.startsWith('m.') || numeric.has(field);
  if (isNumber && Number.isFinite(Number(value)) && value.trim() !== '') return value.trim();
  return text(value);
}

/** A condition of `where`. */
export function filterKql({ field, op, values }: Filter): string {
  const left = fieldKql(field);
  const literals = values.map((value) => literal(field, value));
  const first = literals[0] ?? '""';
  const isText = first.startsWith('"');
  // Booleans and other types are compared by what is seen of them.
  const compared = isText && !field.startsWith('d.') ? `tostring(${left})` : left;
  switch (op) {
    case 'eq': return `${compared} == ${first}`;
    case 'ne': return `${compared} != ${first}`;
    case 'in': return `${compared} in (${literals.join(', ')})`;
    case 'nin': return `${compared} !in (${literals.join(', ')})`;
    case 'has': return `tostring(${left}) has ${text(values[0] ?? '')}`;
    case 'contains': return `tostring(${left}) contains ${text(values[0] ?? '')}`;
    case 'starts': return `tostring(${left}) startswith ${text(values[0] ?? '')}`;
    case 'gt': return `${numberOf(field, left)} > ${bound(first)}`;
    case 'ge': return `${numberOf(field, left)} >= ${bound(first)}`;
    case 'lt': return `${numberOf(field, left)} < ${bound(first)}`;
    case 'le': return `${numberOf(field, left)} <= ${bound(first)}`;
    case 'exists': return `isnotempty(tostring(${left}))`;
    case 'missing': return `isempty(tostring(${left}))`;
  }
}

/** Bounds are numbers, whatever their field is. */
function bound(literal: string): string {
  return literal.startsWith('"') ? `todouble(${literal})` : literal;
}

function numberOf(field: string, left: string): string {
  return field.startsWith('d.') ? `todouble(${left})` : left;
}

/** `where` lines of all filters; none: an empty text. */
export function wheres(filters: Filter[]): string {
  return filters.map((filter) => `| where ${filterKql(filter)}`).join('\n');
}
