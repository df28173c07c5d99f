/** Texts with several statements, divided by blank lines as the server divides them. */

import { codeParts } from './literals';

export interface Span {
  start: number;
  end: number;
}

/** The statements of a text, without the blank lines around them. */
export function statements(text: string): Span[] {
  const found: Span[] = [];
  let current: Span | null = null;
  let start = 0;
  for (const line of text.split('\n')) {
    const end = start + line.length;
    if (line.trim() === '') current = null;
    else if (current) current.end = end;
    else {
      current = { start, end };
      found.push(current);
    }
    start = end + 1;
  }
  return found;
}

/** The statement at a place: the one it stands in or, on blank lines, the one before. */
export function statementAt(text: string, at: number): Span {
  const all = statements(text);
  const found = all.findLast(({ start }) => start <= at) ?? all[0];
  return found ?? { start: 0, end: text.length };
}

export interface Call {
  name: string;
  /** Where the name stands. */
  start: number;
  /** Which argument the place is in, from 0. */
  argument: number;
}

/** The innermost call whose parentheses hold the place; strings and comments do not count. */
export function callAt(text: string, at: number): Call | null {
  const open: { start: number; name: string; argument: number }[] = [];
  const parts = codeParts('[A-Za-z_][\\w-]*(?=\\s*\\()|[()[\\]{},;|]');
  let name: { text: string; start: number } | null = null;
  for (const match of text.slice(0, at).matchAll(parts)) {
    const [part] = match;
    if (part === '(') {
      open.push({ name: name?.text ?? '', start: name?.start ?? match.index, argument: 0 });
    } else if (part === '[' || part === '{') {
      open.push({ name: '', start: match.index, argument: 0 });
    } else if (part === ')' || part === ']' || part === '}') open.pop();
    else if (part === ',') {
      const last = open[open.length - 1];
      if (last) last.argument += 1;
    } else if (part === ';') open.length = 0;
    name = /^[A-Za-z_]/.test(part) ? { text: part, start: match.index } : null;
  }
  const last = open[open.length - 1];
  return last && last.name !== '' ? last : null;
}
