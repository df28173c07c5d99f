/** Messages of errors as people read them: without markers, what varies told apart. */

import { cut, visible } from '../../lib/format';

/** Longest message that is taken apart; what is beyond is not shown in lists. */
const MOST = 600;

const marker = /\s*\([A-Z][A-Z0-9_]*_(?:TELEMETRY|CATEGORY)=[^)]{0,100}\)\s*/g;
// eslint-disable-next-line no-control-regex
const ansi = /\u001b\[[0-9;]*[A-Za-z]/g;

/** One line without colours of terminals and markers of categories. */
export function cleaned(message: string): string {
  const line = message.slice(0, 4 * MOST).replace(ansi, '').replace(marker, ' ')
    .split(/\r?\n/).map((part) => part.trim()).find((part) => part !== '') ?? '';
  return visible(cut(line.replace(/\s+/g, ' '), MOST));
}

export interface Part {
  text: string;
  /** It changes from one occurrence to the next. */
  varies: boolean;
}

/**
 * Addresses, ids, times, folders and numbers: what fingerprints leave out. An exit code tells
 * errors apart, so it does not vary.
 */
const varying = new RegExp([
  'https?://[^\\s\'")]+',
  '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
  '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?Z?',
  '(?:[A-Za-z]:\\\\|/)(?:[\\w.@+-]+[\\\\/])+',
  '\\b(?=[0-9a-f]*\\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\\b',
  '(?<!code [\'"]?|[A-Za-z_\\d-])\\d+(?:\\.\\d+)*',
].join('|'), 'g');

/** The message in pieces; joined they are `cleaned`. */
export function parts(message: string): Part[] {
  const text = cleaned(message);
  const found: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(varying)) {
    if (match.index > end) found.push({ text: text.slice(end, match.index), varies: false });
    found.push({ text: match[0], varies: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push({ text: text.slice(end), varies: false });
  return found;
}

/** What says that a step failed, not why; for KQL as well. */
export const followsPattern = [
  'exited with code', 'process completed with exit code', 'returned (?:a )?non-?zero',
  '^the (?:task|process|script) .{0,80}failed', '^build failed\\.?$',
].join('|');
const followsExpression = new RegExp(followsPattern, 'i');

/** Whether a message says only that a step failed: it explains nothing. */
export function follows(message: string): boolean {
  return followsExpression.test(cleaned(message));
}
