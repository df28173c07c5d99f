/** The numbers above the tiles, each with its change against the span before. */

import { number, percent } from '../../lib/format';
import { rows, type Row, type Table } from '../../lib/query';

export interface Headline {
  title: string;
  value: string;
  /** How it differs from the span before, and what it was then. */
  change: string;
  basis: string;
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

/** How a count changed: by a share of what it was, where it was anything. */
function changeOf(now: number, before: number): Pick<Headline, 'change' | 'arrow' | 'basis'> {
  if (now === before) return { change: 'unchanged from', basis: number(before), arrow: '=' };
  const change = before === 0 ? 'up' : percent(Math.abs(now - before) / before);
  return { change, basis: `from ${number(before)}`, arrow: now > before ? '▲' : '▼' };
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
  const counts = `${number(failed)} of ${number(count)}`;
  const value = Number.isNaN(share) ? '–' : percent(share);
  const base = {
    title: 'Failure share', value, isThin: count < THIN,
    basis: Number.isNaN(shareBefore) ? counts : `${counts}, from ${percent(shareBefore)}`,
  };
  if (Number.isNaN(by)) return { ...base, change: '', arrow: '', mood: 'plain' };
  if (isSame) return { ...base, change: 'unchanged', arrow: '=', mood: 'plain' };
  return {
    ...base, change: `${Math.abs(by).toFixed(1)} points`,
    arrow: by > 0 ? '▲' : '▼', mood: by > 0 ? 'bad' : 'good',
  };
}
