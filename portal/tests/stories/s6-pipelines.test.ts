/**
 * S6: which pipelines are unhealthy, why, what is flaky, what should be fixed first. By clicks from
 * an empty browser, by a pasted address, and with numbers that equal the reports.
 */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectClean, openBrowser, openPage, settled, violations } from '../support/browser';
import { Server } from '../support/server';

let server: Server;
let browser: Browser;

/** A span that has ended, so that page and report look at the same builds. */
const to = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000);
const from = new Date(to.getTime() - 14 * 86_400_000);
const span = `from=${from.toISOString()}&to=${to.toISOString()}`;
const times = `datetime(${from.toISOString()}), datetime(${to.toISOString()})`;

beforeAll(async () => {
  server = await Server.start([], inject('demo'));
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

describe('S6', () => {
  it('goes by clicks from the overview to the cause', async () => {
    const watched = await openPage(browser, server.url);
    const { page } = watched;
    await page.goto(`${server.url}/`);
    await page.locator('nav a[href="/ci"]').click();
    await settled(page);
    await page.getByLabel('Sort by').selectOption('rate');
    await page.locator('tbody th a').first().click();
    await settled(page);
    expect(new URL(page.url()).pathname).toMatch(/^\/ci\/pipelines\/exorg\//);
    await page.locator('td.fail').first().click();
    await settled(page);
    expect(page.url()).toContain('rec=');
    await page.locator('.tabs a', { hasText: 'Errors' }).click();
    await page.locator('article.primary').waitFor();
    await page.locator('article.primary .seen a, article.primary .seen').first().waitFor();
    expectClean(watched);
    await watched.context.close();
  });

  it('opens from a pasted address, with the numbers of the reports', async () => {
    const watched = await openPage(browser, server.url);
    const { page } = watched;
    await page.goto(`${server.url}/ci?${span}&sort=name`);
    await settled(page);
    const reports = await server.rows(
      `PassRate(${times}) | project Definition, Builds, Passed | order by Definition asc`);
    for (const [definition, builds, passed] of reports) {
      const row = page.locator('tbody tr', { has: page.locator(`a[title="${
        String(definition).replaceAll('\\', '\\\\')}"]`) });
      expect(await row.locator('td').first().textContent())
        .toContain(`${passed} of ${builds} build`);
    }
    const failed = await server.number(`PrimaryErrors(${times}) | count`);
    const unknown = await server.number(
      `UnknownShare(${times}) | summarize sum(Unknown) + sum(NoError)`);
    const figures = await page.locator('.figures').textContent();
    expect(figures).toContain(`${unknown} of ${failed} failed`);
    expect(await violations(page)).toEqual([]);
    expectClean(watched);
    await watched.context.close();
  });

  it('lists failures as the report counts them, those that tell why first', async () => {
    const watched = await openPage(browser, server.url);
    const { page } = watched;
    await page.goto(`${server.url}/ci/failures?${span}`);
    await settled(page);
    const report = await server.rows(
      `FailureBreakdown(${times})
        | where not(Sample matches regex "(?i)exited with code") | project Builds, Hits | take 5`);
    const shown = page.locator('tbody tr');
    for (const [index, [builds, hits]] of report.entries()) {
      const cells = shown.nth(index).locator('td.number');
      expect(await cells.nth(0).textContent()).toBe(String(builds));
      expect(await cells.nth(1).textContent()).toBe(String(hits));
    }
    expectClean(watched);
    await watched.context.close();
  });

  it('finds builds by words', async () => {
    const watched = await openPage(browser, server.url);
    const { page } = watched;
    await page.goto(`${server.url}/ci/builds?${span}`);
    await settled(page);
    await page.getByRole('combobox', { name: 'Search builds' }).click();
    await page.keyboard.type('result:failed -kind:PR');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=result/);
    await settled(page);
    const builds = await server.number(
      `CompletedBuilds(${times}) | where Result == "failed" and Kind != "PR" | count`);
    await page.locator('h2', { hasText: `${builds} build` }).waitFor();
    expectClean(watched);
    await watched.context.close();
  });

  it('says of a passed build which attempts failed', async () => {
    const watched = await openPage(browser, server.url);
    const { page } = watched;
    const [build] = await server.rows('TimelineIssues | where Type == "error" and not('
      + 'IsLatestAttempt) | join kind=inner (TimelineBuilds | where Result == "succeeded") on '
      + 'Organization, BuildId | take 1 | project Organization, Project, BuildId', 'P30D');
    await page.goto(`${server.url}/ci/builds/${build?.join('/')}`);
    await settled(page);
    await page.getByText('Other attempts had').waitFor();
    await page.getByRole('button', { name: 'Show all attempts' }).click();
    await page.getByRole('button', { name: 'Make known issue' }).first().waitFor();
    expectClean(watched);
    await watched.context.close();
  });

  it('tells whose key deliveries came with, and finds those of badges', async () => {
    const watched = await openPage(browser, server.url);
    const { page } = watched;
    await page.goto(`${server.url}/ci/hooks`);
    await settled(page);
    await page.getByText('came with exorg-hooks, which is no key').waitFor();
    await page.getByLabel('Shown deliveries').selectOption('What became a badge');
    await page.getByRole('link', { name: 'badge', exact: true }).first().waitFor();
    expect(await page.getByRole('row').filter({ hasText: 'job-state-changed' }).count()).toBe(0);
    expectClean(watched);
    await watched.context.close();
  });
});
