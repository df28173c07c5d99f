/**
 * The language of the search box: whole words in any property, `AND OR NOT`, parentheses,
 * `"quoted texts"`, `"*part*"`, `field:value`. Text that is not finished yet is no error: what is
 * missing means nothing.
 */

import { fieldKql, filterKql, ops, type Filter, type Op } from '../../lib/filters';
import { itemColumns, kinds } from '../../lib/items';
import { text } from '../../lib/kql';

export type Node =
  | { kind: 'all' | 'any'; parts: Node[] }
  | { kind: 'not'; part: Node }
  | { kind: 'word'; text: string; match: Match }
  | { kind: 'field'; field: string; text: string; match: Match }
  | { kind: 'filter'; filter: Filter };

/** How a text is looked for: as whole words, as their start or end, or anywhere. */
export type Match = 'word' | 'start' | 'end' | 'part';

interface Token {
  kind: 'word' | 'and' | 'or' | 'not' | '(' | ')';
  /** Of a word: what stands before its `:`. */
  field: string;
  text: string;
  isQuoted: boolean;
}

/** More words than these are left out, and that is told. */
export const WORDS_MAX = 40;

export interface Parsed {
  /** `null`: nothing is looked for. */
  node: Node | null;
  /** What the reader should know of how the text was read. */
  note: string | null;
}

/** Short names of fields that people type often. */
const aliases: Record<string, string> = {
  type: 'itemType', os: 'client_OS', role: 'cloud_RoleName', version: 'application_Version',
  result: 'resultCode', code: 'resultCode', severity: 'severityLevel', user: 'user_Id',
  session: 'session_Id', operation: 'operation_Id', browser: 'client_Browser',
  exception: 'outerType', problem: 'problemId',
};

/** The field a name in the box means: an alias, a column, else a custom dimension. */
export function fieldOf(name: string): string {
  if (/^[dm]\../.test(name)) return name;
  const alias = aliases[name.toLowerCase()];
  if (alias) return alias;
  const column = itemColumns.find((found) => found.toLowerCase() === name.toLowerCase());
  return column ?? `d.${name}`;
}

export function parse(written: string): Parsed {
  const all = tokens(written);
  let words = 0;
  const used = all.filter((token) => token.kind !== 'word' || (words += 1) <= WORDS_MAX);
  const note = words > WORDS_MAX ? `Only the first ${WORDS_MAX} of ${words} words are used.` : null;
  const reader = { tokens: used, at: 0 };
  const parts: Node[] = [];
  while (reader.at < used.length) {
    const part = readAny(reader);
    if (part) parts.push(part);
    // A parenthesis that closes nothing.
    if (used[reader.at]?.kind === ')') reader.at += 1;
  }
  return { node: join('all', parts), note };
}

function tokens(written: string): Token[] {
  const found: Token[] = [];
  const sign = /([()])|(-(?=[^\s-]))/.source;
  const value = /(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^\s()"]+))?/.source;
  const pattern = new RegExp(`${sign}|((?:[^\\s()":]+:)*)${value}`, 'gy');
  let at = 0;
  while (at < written.length) {
    if (/\s/.test(written[at] ?? '')) {
      at += 1;
      continue;
    }
    pattern.lastIndex = at;
    const match = pattern.exec(written);
    if (!match || match[0] === '') {
      at += 1;
      continue;
    }
    at = pattern.lastIndex;
    found.push(token(match));
  }
  return found;
}

function token(match: RegExpExecArray): Token {
  const [, parenthesis, minus, before = '', quoted, bare = ''] = match;
  const sign = { field: '', text: '', isQuoted: false };
  if (parenthesis) return { ...sign, kind: parenthesis as '(' | ')' };
  if (minus) return { ...sign, kind: 'not' };
  const isQuoted = quoted !== undefined;
  if (!isQuoted && before === '' && /^(AND|OR|NOT)$/.test(bare)) {
    return { ...sign, kind: bare.toLowerCase() as 'and' | 'or' | 'not' };
  }
  const value = isQuoted ? quoted.replace(/\\(.)/g, '$1') : bare;
  // An address such as `https://…` is a text, not a field.
  if (before !== '' && value.startsWith('//')) {
    return { kind: 'word', field: '', text: before + value, isQuoted };
  }
  return { kind: 'word', field: before.replace(/:$/, ''), text: value, isQuoted };
}

interface Reader {
  tokens: Token[];
  at: number;
}

function readAny(reader: Reader): Node | null {
  const parts: Node[] = [];
  for (;;) {
    const part = readAll(reader);
    if (part) parts.push(part);
    if (reader.tokens[reader.at]?.kind !== 'or') return join('any', parts);
    reader.at += 1;
  }
}

function readAll(reader: Reader): Node | null {
  const parts: Node[] = [];
  for (;;) {
    const next = reader.tokens[reader.at];
    if (!next || next.kind === 'or' || next.kind === ')') return join('all', parts);
    if (next.kind === 'and') {
      reader.at += 1;
      continue;
    }
    const part = readOne(reader);
    if (part) parts.push(part);
  }
}

function readOne(reader: Reader): Node | null {
  let isNot = false;
  while (reader.tokens[reader.at]?.kind === 'not') {
    isNot = !isNot;
    reader.at += 1;
  }
  const next = reader.tokens[reader.at];
  if (!next || !['word', '('].includes(next.kind)) return null;
  reader.at += 1;
  let part: Node | null;
  if (next.kind === '(') {
    part = readAny(reader);
    if (reader.tokens[reader.at]?.kind === ')') reader.at += 1;
  } else {
    part = nodeOf(next);
  }
  return part && isNot ? { kind: 'not', part } : part;
}

function join(kind: 'all' | 'any', parts: Node[]): Node | null {
  return parts.length < 2 ? (parts[0] ?? null) : { kind, parts };
}

/** What a text with stars looks for; stars alone look for nothing. */
function starred(written: string): { text: string; match: Match } | null {
  const inner = written.replace(/^\*+|\*+$/g, '');
  if (inner === '') return null;
  const starts = written.startsWith('*');
  const ends = written.endsWith('*');
  const match = starts && ends ? 'part' : starts ? 'end' : ends ? 'start' : 'word';
  return { text: inner, match };
}

function nodeOf({ field: name, text: value }: Token): Node | null {
  if (name === '') {
    const found = starred(value);
    return found && /[\p{L}\p{N}]/u.test(found.text) ? { kind: 'word', ...found } : null;
  }
  if (value === '') return null;
  const parts = name.split(':');
  const op = parts.length > 1 ? ops.find((found) => found.op === parts[parts.length - 1]) : null;
  if (op) return filterNode(parts.slice(0, -1).join(':'), op.op, value);
  const field = fieldOf(name);
  const compared = /^(>=|<=|>|<|=)(.+)$/.exec(value);
  if (compared) {
    const op = { '>': 'gt', '>=': 'ge', '<': 'lt', '<=': 'le', '=': 'eq' }[compared[1] ?? '='];
    return filterNode(name, op as Op, compared[2] ?? '');
  }
  if (value === '*') return { kind: 'filter', filter: { field, op: 'exists', values: [] } };
  const found = starred(value);
  return found ? { kind: 'field', field, ...found } : null;
}

function filterNode(name: string, op: Op, value: string): Node {
  const isList = op === 'in' || op === 'nin';
  const values = isList ? value.split(',').filter((part) => part !== '') : [value];
  return { kind: 'filter', filter: { field: fieldOf(name), op, values } };
}

const operators: Record<Match, string> = {
  word: 'has', start: 'hasprefix', end: 'hassuffix', part: 'contains',
};

/** The condition of a text, for `where`. */
export function nodeKql(node: Node): string {
  switch (node.kind) {
    case 'word': return `* ${operators[node.match]} ${text(node.text)}`;
    case 'field': return fieldCondition(node.field, node.text, node.match);
    case 'filter': return filterKql(node.filter);
    case 'not': return `not(${nodeKql(node.part)})`;
    case 'all': return node.parts.map(nested).join(' and ');
    case 'any': return node.parts.map(nested).join(' or ');
  }
}

function nested(node: Node): string {
  return node.kind === 'any' || node.kind === 'all' ? `(${nodeKql(node)})` : nodeKql(node);
}

function fieldCondition(field: string, value: string, match: Match): string {
  if (field === 'itemType' && match === 'word') {
    const kind = kinds.find((found) => found.short.toLowerCase() === value.toLowerCase());
    return `itemType =~ ${text(kind?.type ?? value)}`;
  }
  const isNumber = field.startsWith('m.') || ['duration', 'severityLevel', 'itemCount']
    .includes(field);
  if (isNumber && match === 'word' && Number.isFinite(Number(value))) {
    return `${fieldKql(field)} == ${Number(value)}`;
  }
  const left = field.startsWith('d.') ? fieldKql(field) : `tostring(${fieldKql(field)})`;
  return `${left} ${operators[match]} ${text(value)}`;
}

/** A text with `field:value` in quotes where it needs them. */
export function written(field: string, value: string): string {
  const quoted = /^[\w.-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
  return `${field}:${quoted}`;
}
