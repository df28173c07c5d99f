/** The numbers above the tiles, each with its change against the span before. */

import { number, percent } from '../../lib/format';
import { rows, type Row, type Table } from '../../lib/query';

export interface Headline {
  title: string;
  value: string;
  /** What stands below it: the span before and its number. */
  change: string;
  arrow: '▲' | '▼' | '=' | '';
  /** Whether the change is good to hear. */
  mood: 'good' | 'bad' | 'plain';
  /** Fewer than 20 samples say little. */
  isThin: boolean;
}

const THIN = 20;

function countOf(row: Row | undefined, name: string): number {
  return Number(row?.[name] ?? 0);
}

/** How a count changed: `12 %`, or the number before where there was none. */
function changeOf(now: number, before: number): Pick<Headline, 'change' | 'arrow'> {
  const arrow = now > before ? '▲' : now < before ? '▼' : '=';
  if (before === 0) return { change: now === 0 ? 'as before: 0' : 'before: 0', arrow };
  const share = percent(Math.abs(now - before) / before);
  return { change: now === before ? `as before: ${number(before)}`
    : `${share}, before: ${number(before)}`, arrow };
}

/** Three numbers of what the application sends: `requests` or else events. */
export function headlines(table: Table, isRequests: boolean): Headline[] {
  const all = rows(table);
  const now = all.find((row) => row.Span === 'now');
  const before = all.find((row) => row.Span === 'before');
  const count = countOf(now, 'Count');
  const countBefore = countOf(before, 'Count');
  const found: Headline[] = [{
    title: isRequests ? 'Executions' : 'Events', value: number(count), mood: 'plain',
    isThin: false, ...changeOf(count, countBefore),
  }];
  if (isRequests) found.push(shareOf(now, before, count, countBefore));
  const who = countOf(now, 'Projects') + countOf(before, 'Projects') > 0 ? 'Projects' : 'Users';
  found.push({
    title: `Distinct ${who.toLowerCase()}`, value: number(countOf(now, who)), mood: 'plain',
    isThin: false, ...changeOf(countOf(now, who), countOf(before, who)),
  });
  return found;
}

function shareOf(
  now: Row | undefined,
  before: Row | undefined,
  count: number,
  countBefore: number,
): Headline {
  const failed = countOf(now, 'Failed');
  const share = count > 0 ? failed / count : NaN;
  const shareBefore = countBefore > 0 ? countOf(before, 'Failed') / countBefore : NaN;
  const by = (share - shareBefore) * 100;
  const isSame = Math.abs(by) < 0.05;
  const base = { title: 'Failure share', isThin: count < THIN };
  if (Number.isNaN(share)) return { ...base, value: '–', change: '', arrow: '', mood: 'plain' };
  const value = percent(share);
  const counts = `${number(failed)} of ${number(count)}`;
  if (Number.isNaN(by)) return { ...base, value, change: counts, arrow: '', mood: 'plain' };
  return {
    ...base, value,
    change: isSame ? `as before, ${counts}` : `${Math.abs(by).toFixed(1)} points, ${counts}`,
    arrow: isSame ? '=' : by > 0 ? '▲' : '▼',
    mood: isSame ? 'plain' : by > 0 ? 'bad' : 'good',
  };
}
