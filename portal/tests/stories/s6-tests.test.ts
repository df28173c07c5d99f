/**
 * S6, further: which tests are flaky and why, numbers that agree between pages, the grid of a
 * pipeline, and figures that tell what they are of.
 */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectClean, openBrowser, openPage, violations } from '../support/browser';
import { Server } from '../support/server';

let server: Server;
let browser: Browser;

/** A span that has ended, so that page and report look at the same builds. */
const to = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000);
const from = new Date(to.getTime() - 7 * 86_400_000);
const span = `from=${from.toISOString()}&to=${to.toISOString()}`;
const times = `datetime(${from.toISOString()}), datetime(${to.toISOString()})`;
const now = `datetime(${to.toISOString()})`;

beforeAll(async () => {
  server = await Server.start([], inject('demo'));
  browser = await openBrowser();
});

/** States of tests join much: a build of the server that is not optimized takes its time. */
const SLOW = 600_000;

afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** Waits until nothing on a page with this heading is loading. */
async function settled(page: Page, heading = /./): Promise<void> {
  await page.locator('main h1', { hasText: heading }).first().waitFor({ timeout: SLOW });
  await page.waitForFunction(
    () => document.querySelectorAll('main [aria-busy="true"]').length === 0,
    undefined,
    { timeout: SLOW },
  );
}

async function shown(path: string, run: (page: Page) => Promise<void>, width = 1440):
  Promise<void> {
  const watched = await openPage(browser, server.url, { width });
  await watched.page.goto(`${server.url}${path}`);
  await settled(watched.page);
  await run(watched.page);
  expectClean(watched);
  await watched.context.close();
}

describe('tests', () => {
  it('lead from hits of a pipeline to a test, its evidence and its build', async () => {
    await shown(`/ci?${span}&sort=flaky`, async (page) => {
      const [definition, hits] = (await server.rows(
        `FlakyHits(${times}) | project Definition, Hits | take 1`))[0] as [string, number];
      const link = page.locator('tbody tr').first().locator('td[data-label="Flaky hits"] a');
      expect(await link.textContent()).toBe(String(hits));
      await link.click();
      await settled(page, /^Tests$/);
      await page.locator('tbody tr .what').first().waitFor({ timeout: SLOW });
      expect(new URL(page.url()).pathname).toBe('/ci/tests');
      const states = await server.rows(`TestStates(${now})
        | where Definitions contains @"${definition}" and State !in ("Healthy", "Inactive")
        | project TestName, State, PullRequests, Runs, Fails`);
      expect(await page.locator('tbody tr').count()).toBe(states.length);
      for (const [index, [name, state, pulls, runs, fails]] of states.entries()) {
        const row = await page.locator('tbody tr').nth(index).innerText();
        for (const part of [name, state, `${fails} / ${runs}`]) expect(row).toContain(`${part}`);
        const hit = page.locator('tbody tr').nth(index).locator('td.number').first();
        expect((await hit.innerText()).trim()).toBe(String(pulls));
      }
      expect(await violations(page)).toEqual([]);
      await page.locator('tbody tr a').first().click();
      await page.locator('section[aria-label="Evidence"]').waitFor({ timeout: SLOW });
      const id = decodeURIComponent(new URL(page.url()).pathname.split('/').pop() ?? '');
      const evidence = await server.number(
        `TestEvidence(${now} - 30d, ${now}, "${id}") | count`);
      await page.locator('h2', { hasText: `${evidence} item` }).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.locator('section[aria-label="Evidence"] tbody a').first().click();
      await settled(page, /-/);
      expect(page.url()).toMatch(/\/ci\/builds\/exorg\/.*tab=tests/);
    });
  }, SLOW);

  it('that nobody knows are told of', async () => {
    await shown('/ci/tests/nothing', async (page) => {
      await page.getByText('No run of this test').waitFor();
    });
  });
});

describe('numbers', () => {
  it('of Health, Builds and Failures agree', async () => {
    const failed = await server.number(`PrimaryErrors(${times}) | count`);
    await shown(`/ci?${span}`, async (page) => {
      expect(await page.locator('.figures').innerText()).toContain(`of ${failed} failed builds`);
    });
    await shown(`/ci/builds?${span}&q=${encodeURIComponent('result:failed')}`, async (page) => {
      await page.locator('h2', { hasText: `${failed} builds` }).waitFor();
    });
    // Each primary error stands among the failures, with as many builds or more.
    const lost = await server.number(`PrimaryErrors(${times})
      | where Source != "none"
      | summarize Primary = count() by Category, Fingerprint
      | join kind=leftouter FailureBreakdown(${times}) on Category, Fingerprint
      | where isnull(Builds) or Builds < Primary | count`);
    expect(lost).toBe(0);
  });

  it('tell on focus what they are of, and are grey when that is little', async () => {
    await shown(`/ci?${span}`, async (page) => {
      const rows = await server.rows(`PassRate(${times}) | project Definition, Builds, Passed`);
      for (const [definition, builds, passed] of rows) {
        const row = page.locator('tbody tr', { has: page.locator(`a[title="${
          String(definition).replaceAll('\\', '\\\\')}"]`) });
        const rate = row.locator('.counted').first();
        await rate.focus();
        const tip = await rate.evaluate((button) => getComputedStyle(button, '::after').content);
        expect(tip).toContain(`${passed} of ${builds} build`);
        expect(await rate.evaluate((button) => button.classList.contains('few')))
          .toBe(Number(builds) < 20);
      }
    });
  });

  it('fit beside each other on a small laptop', async () => {
    await shown(`/ci?${span}`, async (page) => {
      const over = await page.locator('.scroll-x').evaluateAll((list) =>
        list.map((one) => one.scrollWidth - one.clientWidth));
      expect(over).toEqual(over.map(() => 0));
    }, 1366);
  });
});

describe('what changed', () => {
  it('is at most five sentences, each a way to what it says', async () => {
    await shown(`/ci?${span}`, async (page) => {
      const links = page.locator('section[aria-label="What changed"] li a');
      const count = await links.count();
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThanOrEqual(5);
      const before = `datetime(${new Date(from.getTime() * 2 - to.getTime()).toISOString()})`;
      for (const link of await links.all()) {
        const text = await link.innerText();
        const path = decodeURIComponent(new URL(await link.evaluate((a: HTMLAnchorElement) =>
          a.href)).pathname);
        const builds = /not seen the span before, in (\d+) build/.exec(text)?.[1];
        if (builds) {
          const fingerprint = path.split('/').pop();
          expect(await server.rows(`PrimaryErrors(${before}, ${now})
            | where Fingerprint == "${fingerprint}"
            | summarize countif(FinishTime < datetime(${from.toISOString()})), count()`))
            .toEqual([[0, Number(builds)]]);
        }
        const red = /^(\S+) is red on (\S+) since/.exec(text);
        if (red) {
          // The last judged build of that branch failed.
          expect(await server.rows(`TimelineBuilds
            | where Definition endswith @"\\${red[1]}" and SourceBranch == "${red[2]}"
            | where FinishTime < ${now} and Result != "canceled"
            | top 1 by FinishTime | project Result`)).toEqual([['failed']]);
        }
      }
    });
  });
});

describe('the grid of a pipeline', () => {
  it('never shows rows of another kind, and keeps what was chosen in the address', async () => {
    const [row] = await server.rows(
      `FlakyHits(${times}) | take 1 | project Organization, Project, Definition`);
    const path = (row as string[]).map(encodeURIComponent);
    await shown(`/ci/pipelines/${path.join('/')}?${span}`, async (page) => {
      const names = page.locator('tbody th.name');
      await names.first().waitFor({ timeout: SLOW });
      expect(await page.locator('thead .commit', { hasText: '×' }).count()).toBeGreaterThan(0);
      let release = (): void => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      await page.route('**/api/portal/batch', async (route) => {
        if (route.request().postData()?.includes('TestVerdicts')) await held;
        await route.continue();
      });
      await page.getByLabel('Rows', { exact: true }).selectOption('tests');
      await page.getByText('Loading tests…').waitFor();
      expect(await names.count()).toBe(0);
      release();
      await names.first().waitFor({ timeout: SLOW });
      expect(await names.locator('a').count()).toBe(await names.count());
      await page.getByLabel('Include').fill('KeepsOrder');
      await page.waitForURL(/inc=KeepsOrder/);
      for (const name of await names.allInnerTexts()) expect(name).toContain('KeepsOrder');
      await page.getByLabel('Sort rows').selectOption('flaky');
      await page.getByLabel('Size of cells').selectOption('s');
      await page.getByRole('button', { name: 'With failures only' }).click();
      for (const part of ['rows=tests', 'sort=flaky', 'size=s', 'fail=1']) {
        expect(page.url()).toContain(part);
      }
    });
  }, SLOW);
});

describe('a build', () => {
  it('outlines the critical path that the report has', async () => {
    const [row] = await server.rows(`CriticalPath(${times})
      | where Attempt == 1 | summarize Steps = count(), Names = make_list(JobName)
        by Organization, Project, BuildId | top 1 by Steps`);
    const [source, project, id, steps, names] = row as [string, string, number, number, string];
    await shown(`/ci/builds/${source}/${project}/${id}?tab=timeline&attempt=1`, async (page) => {
      const chips = page.locator('.legend .chip');
      expect(await chips.count()).toBe(steps);
      for (const [index, name] of (JSON.parse(names) as string[]).entries()) {
        expect(await chips.nth(index).innerText()).toContain(name);
      }
      expect(await page.locator('.bar.critical').count()).toBe(steps);
    });
  });

  it('counts every kind of item that was sent from inside it', async () => {
    const [row] = await server.rows(`TimelineBuilds
      | where OperationId in ((customMetrics | distinct operation_Id))
      | take 1 | project Organization, Project, BuildId`, 'P30D');
    expect(row).toBeDefined();
    await shown(`/ci/builds/${(row ?? []).join('/')}?tab=telemetry`, async (page) => {
      const chips = await page.locator('h2 .chip').allInnerTexts();
      expect(chips.length).toBeGreaterThan(0);
      for (const chip of chips) expect(chip).not.toMatch(/\b0,/);
      expect(chips.join(' ')).toContain('Metrics');
    });
  });
});
