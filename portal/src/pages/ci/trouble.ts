/** What keeps the data of a source from being whole, in sentences. */

import { cut, duration, toNumber, visible } from '../../lib/format';
import { ago, parseTime, shortTime, type Zone } from '../../lib/time';

interface Run {
  finished: string | null;
  error: string;
}

/** What `GET /api/collect` answers, as far as it is read here. */
export interface CollectStatus {
  projects: {
    source: string;
    project: string;
    lagSeconds: number | null;
    pending: number;
    dead: number;
    runs: Run[];
  }[];
  failed?: (Run & { source: string; project: string })[];
  sources?: { source: string; alarm: string; succeeded: string | null }[];
}

export interface Trouble {
  source: string;
  text: string;
  isAlarm: boolean;
}

/** Passes are minutes apart; data this old is worth a word. */
const LATE_SECONDS = 3 * 3600;

function said(error: string): string {
  return visible(cut(error.trim().replace(/\s+/g, ' '), 300)).replace(/\.$/, '');
}

/** When all projects of a source had been collected, as it is remembered from earlier starts. */
function lastPass(status: CollectStatus, source: string, now: Date): Date | null {
  const lags = status.projects.filter((project) => project.source === source)
    .map((project) => toNumber(project.lagSeconds));
  const known = lags.filter((lag) => lag !== null);
  return known.length === 0 || known.length < lags.length ? null
    : new Date(now.getTime() - Math.max(...known) * 1000);
}

/** Sentences about the sources, those with an alarm first; `source` empty: all of them. */
export function troubles(
  status: CollectStatus, source: string, zone: Zone, now: Date,
): Trouble[] {
  const found: Trouble[] = [];
  const isMeant = (name: string): boolean => source === '' || name === source;
  for (const line of status.sources ?? []) {
    if (line.alarm === '' || !isMeant(line.source)) continue;
    const since = parseTime(line.succeeded) ?? lastPass(status, line.source, now);
    found.push({
      source: line.source,
      isAlarm: true,
      text: `${line.source}: ${said(line.alarm)}.` + (since
        ? ` The last good pass was ${ago(since, now)}, at ${shortTime(since, zone)}.` : ''),
    });
  }
  for (const project of status.projects) {
    if (!isMeant(project.source)) continue;
    const lag = toNumber(project.lagSeconds);
    const last = said(project.runs[0]?.error ?? '');
    // What the alarm of the source says is not said again.
    const error = (status.sources ?? []).some((line) =>
      line.source === project.source && said(line.alarm).endsWith(last)) ? '' : last;
    if (lag !== null && lag >= LATE_SECONDS) {
      const why = error === '' ? '' : `: ${error}`;
      found.push({
        source: project.source,
        isAlarm: false,
        text: `Data of project ${project.project} is ${duration(lag * 1000)} old${why}.`,
      });
    } else if (error !== '') {
      found.push({
        source: project.source, isAlarm: false, text: `Project ${project.project}: ${error}.`,
      });
    }
    if (project.dead > 0) {
      found.push({
        source: project.source,
        isAlarm: false,
        text: `${project.dead} builds of project ${project.project} were given up; `
          + '`telltale collect retry` tries them again.',
      });
    }
  }
  return found;
}
