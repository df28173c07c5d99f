/** What changed against the span before, as at most five sentences, the worst first. */

import { count, cut, duration, percent, toNumber } from '../../lib/format';
import type { Row } from '../../lib/query';
import { shortTime, type Range, type Zone } from '../../lib/time';
import type { Health, Totals } from './health';
import { cleaned } from './message';
import { failurePath, folderOf, pipelinePath } from './scope';

export interface Change {
  text: string;
  /** Where it is shown in full. */
  path: string;
  query?: Record<string, string>;
  isWorse: boolean;
}

export const CHANGES_MAX = 5;

/** With fewer builds a rate says little about a pipeline. */
const BUILDS_MIN = 20;
/** Points of a rate, and factor of a duration, that are worth a sentence. */
const POINTS_MIN = 0.05;
const SLOWER = 1.3;

interface Weighed extends Change {
  weight: number;
}

function rateChange(health: Health): Weighed[] {
  const { rate, rateBefore, builds, buildsBefore, definition } = health;
  if (rate === null || rateBefore === null) return [];
  if (builds < BUILDS_MIN || buildsBefore < BUILDS_MIN) return [];
  const by = rate - rateBefore;
  if (Math.abs(by) < POINTS_MIN) return [];
  const { name } = folderOf(definition);
  const verb = by < 0 ? 'fell' : 'rose';
  return [{
    text: `The pass rate of ${cut(name, 60)} ${verb} from ${percent(rateBefore)} to `
      + `${percent(rate)}.`,
    path: pipelinePath(health),
    isWorse: by < 0,
    weight: by < 0 ? 40 - by * 100 : by * 50,
  }];
}

function redChange(health: Health, range: Range, zone: Zone): Weighed[] {
  const since = health.redSince;
  if (since === null || since < range.from) return [];
  const { name } = folderOf(health.definition);
  return [{
    text: `${cut(name, 60)} is red on ${cut(health.redBranch, 40)} since `
      + `${shortTime(since, zone)}.`,
    path: pipelinePath(health),
    isWorse: true,
    weight: 60,
  }];
}

function slower(health: Health): Weighed[] {
  const { p95, p95Before, durations } = health;
  if (p95 === null || p95Before === null || p95Before === 0 || durations < BUILDS_MIN) return [];
  const factor = p95 / p95Before;
  if (factor < SLOWER && factor > 1 / SLOWER) return [];
  const { name } = folderOf(health.definition);
  return [{
    text: `The p95 duration of ${cut(name, 60)} ${factor > 1 ? 'rose' : 'fell'} from `
      + `${duration(p95Before)} to ${duration(p95)}.`,
    path: pipelinePath(health),
    isWorse: factor > 1,
    weight: factor > 1 ? 20 + factor : 1 / factor,
  }];
}

function newFailures(list: Row[]): Weighed[] {
  return list.map((row) => ({
    text: `Failure not seen the span before, in ${count(row.Builds, 'build')}: “${
      cut(cleaned(String(row.Sample)), 80)}”`,
    path: failurePath(row.Fingerprint),
    isWorse: true,
    weight: 25 + Math.min(30, toNumber(row.Builds) ?? 0),
  })).slice(0, 2);
}

function unknownShare(totals: Totals): Weighed[] {
  const { unknownShare: now, unknownShareBefore: past, failed, unknown } = totals;
  if (now === null || past === null || failed < BUILDS_MIN || Math.abs(now - past) < 0.1) return [];
  return [{
    text: `The cause of ${unknown} of ${count(failed, 'failed build')} is unknown, `
      + `${percent(now)} after ${percent(past)}.`,
    path: '/ci/failures',
    query: { state: 'unknown' },
    isWorse: now > past,
    weight: now > past ? 22 : 5,
  }];
}

/** The sentences for a span; none when nothing much changed. */
export function changes(
  list: Health[],
  totals: Totals,
  /** Failures the span before had not. */
  fresh: Row[],
  range: Range,
  zone: Zone,
): Change[] {
  const all = [
    ...list.flatMap((health) => [
      ...redChange(health, range, zone), ...rateChange(health), ...slower(health),
    ]),
    // Without builds before there is nothing it would be new against.
    ...(totals.rateBefore === null ? [] : newFailures(fresh)),
    ...unknownShare(totals),
  ];
  return all
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, CHANGES_MAX)
    .map(({ weight: _, ...change }) => change);
}
