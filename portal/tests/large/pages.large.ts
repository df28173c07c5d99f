/**
 * How long pages take to be usable over the many rows of `cargo xtask bench generate`.
 *
 * `DATA` names the folder, `FROM` and `TO` its last day, `TELLTALE` the executable, `RUNS` how
 * often each page is opened, `ONLY` a part of the names of pages. One line goes to
 * `bench/results.ndjson`; `RESULTS` names another file. Usable means: the heading is there and
 * nothing has been loading for a while; what is told is when the last thing stopped loading. Of
 * rows and charts of Logs it is the time from the whole answer until they are drawn.
 *
 * Each page is opened three times in a tab: `first` in a browser that has never seen the portal,
 * `warm` once more, and `cold` when the system has forgotten the files of the server (`COLD=off`
 * leaves that out).
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openBrowser, openPage, type Watched } from '../support/browser';
import { Server } from '../support/server';

const DATA = process.env.DATA ?? '';
const FROM = process.env.FROM ?? '2026-10-31T00:00:00.000Z';
const TO = process.env.TO ?? '2026-11-01T00:00:00.000Z';
const RUNS = Number(process.env.RUNS ?? 5);
const ONLY = new RegExp(process.env.ONLY ?? '');
const RESULTS = process.env.RESULTS
  ?? resolve(import.meta.dirname, '../../../bench/results.ndjson');
/** Milliseconds without anything loading after which a page counts as usable. */
const QUIET = 400;

interface Timed {
  name: string;
  path: string;
  /** What has to be seen, where that is not the end of all loading. */
  seen?: string;
  /** Whether the time counts from the end of the answer, not from the navigation. */
  isDrawn?: boolean;
}

function within(path: string, more: Record<string, string> = {}): string {
  return `${path}?${new URLSearchParams({ from: FROM, to: TO, ...more })}`;
}

/** The newest item, operation and build of the data. */
async function pages(server: Server): Promise<Timed[]> {
  const a = '/a/default';
  const span = `${FROM}/${TO}`;
  const cells = async (kql: string): Promise<string[]> =>
    ((await server.rows(kql, span))[0] ?? []).map((cell) => encodeURIComponent(String(cell)));
  const [item, operation] = await cells('exceptions | top 1 by timestamp '
    + '| project itemId, operation_Id');
  const build = await cells('CompletedBuilds(ago(10000d), now()) | where Result == "failed" '
    + '| top 1 by FinishTime | project Organization, Project, BuildId');
  const split = { c: JSON.stringify({ m: 'requests', a: 'count', s: ['name'] }) };
  const search = (q: string) => within(`${a}/search`, { q });
  const many = 'requests | project timestamp, name, url, resultCode, duration, success '
    + '| take 30000';
  const points = 'range n from 1 to 100000 step 1 '
    + '| project at = datetime(2026-10-31) + n * 500ms, y = sin(n / 500.0) * (n % 97) '
    + '| render timechart';
  return [
    { name: 'overview', path: within(`${a}/overview`) },
    { name: 'metrics', path: within(`${a}/metrics`, split) },
    { name: 'search', path: within(`${a}/search`) },
    { name: 'search_word', path: search('Task07') },
    { name: 'search_rare_word', path: search('item00042') },
    { name: 'search_five_words', path: search('GET Linux Task07 pullRequest 500') },
    { name: 'search_phrase', path: search('"step 42 failed"') },
    { name: 'search_field', path: search('role:"task-7"') },
    { name: 'item', path: within(`${a}/item/${item}`) },
    { name: 'operation', path: within(`${a}/op/${operation}`) },
    {
      name: 'logs_30k_rows', path: within(`${a}/logs`, { q: many, run: '1' }),
      seen: 'main [role="row"] [role="gridcell"]', isDrawn: true,
    },
    {
      name: 'chart_100k_points', path: within(`${a}/logs`, { q: points, run: '1', tab: 'chart' }),
      seen: 'main canvas', isDrawn: true,
    },
    { name: 'ci_health', path: within('/ci', { from: '2026-10-25T00:00:00.000Z' }) },
    ...(build.length > 0 ? [{ name: 'build', path: `/ci/builds/${build.join('/')}` }] : []),
  ].filter(({ name }) => ONLY.test(name));
}

/** When the page was usable and its last answer was there, in milliseconds of the navigation. */
interface Seen {
  usable: number;
  answered: number;
}

async function usable(page: Page, seen: string | null): Promise<Seen> {
  return page.evaluate(({ quiet, seen }) => new Promise<Seen>((found, failed) => {
    let since = -1;
    let worked = 0;
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) {
        worked = Math.max(worked, startTime + duration);
      }
    }).observe({ type: 'longtask', buffered: true });
    const answered = (): number => Math.max(0, ...performance.getEntriesByType('resource')
      .filter(({ name }) => name.includes('/api/portal/query'))
      .map((entry) => (entry as PerformanceResourceTiming).responseEnd));
    const look = (): void => {
      const now = performance.now();
      const isBusy = document.querySelector('main h1') === null
        || (seen === null ? document.querySelector('main [aria-busy="true"]') !== null
          : document.querySelector(seen) === null);
      if (isBusy) since = -1;
      else if (since < 0) since = now;
      if (since >= 0 && now - Math.max(since, worked) > quiet) {
        // What was put there is drawn when the thread rests.
        found({ usable: Math.max(since, seen === null ? 0 : worked), answered: answered() });
      } else if (now > 60_000) failed(new Error('not usable after a minute'));
      else setTimeout(look, 5);
    };
    look();
  }), { quiet: QUIET, seen });
}

/** Milliseconds of processor time the server has used; 0 where the system does not tell. */
function used(server: Server): number {
  try {
    // User and system time stand behind the name, which ends with a bracket; in ticks of 10 ms.
    const stat = readFileSync(`/proc/${server.pid}/stat`, 'utf8');
    const fields = stat.split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

/** A tab of a browser that has not seen the portal before, and what went wrong in it. */
async function newTab(browser: Browser, server: Server): Promise<Watched> {
  const tab = await openPage(browser, server.url, { width: 1366 });
  if (process.env.TRACE) {
    tab.page.on('requestfinished', (request) => {
      const { responseEnd } = request.timing();
      if (request.url().includes('/api/')) {
        console.log(`  ${responseEnd.toFixed(0)} ms`, request.url(), request.postData() ?? '');
      }
    });
  }
  return tab;
}

/** Opens the page in the tab, as by its address; what it held before is gone but for caches. */
async function open({ page, problems }: Watched, server: Server, timed: Timed): Promise<number> {
  await page.goto('about:blank');
  await page.goto(server.url + timed.path, { waitUntil: 'commit' });
  const { usable: at, answered } = await usable(page, timed.seen ?? null);
  expect(await page.locator('main [role="alert"]').count(), timed.name).toBe(0);
  expect(problems, timed.name).toEqual([]);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${timed.name}.png` });
  return timed.isDrawn ? Math.max(0, at - answered) : at;
}

/** Lets the system forget what it holds of the folder's files. */
function forget(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
  }
}

const rounded = (ms: number): number => Math.round(ms);
const middle = (all: number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? NaN;

it('opens pages over many rows', async () => {
  const settings = ['--ingest-time-window', 'off', '--portal-rows-max', '100000'];
  let server = await Server.start(settings, DATA);
  const browser = await openBrowser();
  const figures: Record<string, object> = {};
  const rows = await server.number('union requests, dependencies, exceptions, traces, '
    + 'customEvents | count', `2000-01-01/${TO}`);
  for (const timed of await pages(server)) {
    const cold: number[] = [];
    const first: number[] = [];
    const warm: number[] = [];
    const worked: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const tab = await newTab(browser, server);
      first.push(await open(tab, server, timed));
      const before = used(server);
      warm.push(await open(tab, server, timed));
      worked.push(used(server) - before);
      if (process.env.COLD !== 'off') {
        // Nothing asks while the server is away.
        await tab.page.goto('about:blank');
        await server.pause();
        forget(DATA);
        await server.resume();
        cold.push(await open(tab, server, timed));
      }
      await tab.context.close();
    }
    const of = (all: number[]) => ({
      median: rounded(middle(all)), least: rounded(Math.min(...all)),
    });
    figures[timed.name] = {
      first_ms: of(first), warm_ms: of(warm),
      ...(cold.length > 0 ? { cold_ms: of(cold) } : {}),
      server_cpu_ms: rounded(middle(worked)),
    };
    console.log(timed.name, JSON.stringify(figures[timed.name]), loadavg()[0]?.toFixed(1));
  }
  await browser.close();
  await server.stop();
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  appendFileSync(RESULTS, `${JSON.stringify({
    benchmark: 'pages', unix_time: Math.floor(Date.now() / 1000), commit,
    cores: availableParallelism(), load_average: loadavg()[0], rows, runs: RUNS, ...figures,
  })}\n`);
});
