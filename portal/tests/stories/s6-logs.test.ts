/**
 * S6: builds whose error stands in a log only, or nowhere, are chosen, made known issues and linked
 * like all others.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { settled, violations } from '../support/browser';
import { startDevops, type BuildOf, type Devops } from '../support/devops';
import { Server } from '../support/server';
import { useStage } from '../support/stage';

const folder = mkdtempSync(join(tmpdir(), 'telltale-logs-'));
let devops: Devops;

function build(id: number, message: string, logged = ''): BuildOf {
  return {
    id, number: `2026.${id}`, definition: `pipeline-${id}`, branch: 'refs/heads/main', job: 'Linux',
    task: 'Restore', message, logged,
  };
}

const builds = [
  build(1, '', 'the registry answered 503'), build(2, '', 'the registry answered 503'),
  build(3, 'error CS0103: no such name'), build(4, '', 'the quota of the agent is used up'),
  build(5, ''),
];

const stage = useStage(async () => {
  devops = await startDevops(builds);
  const config = join(folder, 'telltale.toml');
  writeFileSync(config, `[[source]]\nname = "exorg"\nbase = "${devops.base}"\nprojects = ["web"]\n`
    + 'anonymous = true\ntests = "off"\nimages = "off"\nreleases = false\n');
  const server = await Server.start(['--config', config]);
  for (let tries = 0; tries < 60; tries += 1) {
    if (await server.number('TimelineBuilds | count', 'P1D') === builds.length) return server;
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error('the builds were not collected within 30 s');
});

afterAll(() => {
  devops?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('errors that only logs tell of', () => {
  it('are counted as the report counts them, and lead to their builds', () => stage.play(
    async (page) => {
      const [row] = await stage.server.rows(`FailureBreakdown(ago(1d), now())
        | where Sample == 'the registry answered 503'
        | project Fingerprint, Builds, Hits, InLogs`, 'P1D');
      const [fingerprint, ...counts] = row as [string, number, number, number];
      expect(counts).toEqual([2, 2, 2]);
      await stage.paste(page, `/ci/failures?t=P1D&q=${fingerprint}`);
      const found = page.locator('tbody tr');
      await found.getByText('in logs only').waitFor();
      expect(await found.locator('td.number').nth(0).textContent()).toBe('2');
      expect(await found.locator('td.number').nth(1).textContent()).toBe('2');
      await stage.paste(page, `/ci/builds?t=P1D&q=fingerprint:${fingerprint}`);
      await page.locator('h2', { hasText: '2 builds' }).waitFor();
    }));

  it('stand first on the page of their build and become known issues', () => stage.play(
    async (page) => {
      await stage.paste(page, '/ci/builds/exorg/web/4');
      const tab = page.getByRole('navigation', { name: 'Parts of the build' })
        .getByRole('link', { name: 'Errors' });
      expect((await tab.textContent())?.replace(/\s+/g, ' ').trim()).toBe('Errors 1');
      const card = page.locator('article', { hasText: 'the quota of the agent is used up' });
      await card.getByText('read from the log').waitFor();
      await card.getByText('Primary error').waitFor();
      await card.getByRole('button', { name: 'Make known issue' }).click();
      const dialog = page.getByRole('dialog', { name: 'New known issue' });
      await dialog.locator('.preview strong', { hasText: /^1 build$/ }).waitFor();
      await dialog.getByLabel('Title').fill('Quota');
      await dialog.getByRole('button', { name: 'Make known issue' }).click();
      await card.getByRole('link', { name: 'Known: Quota' }).waitFor();
      expect(await violations(page)).toEqual([]);
    }));

  it('are chosen in Builds, which become a known issue together', () => stage.play(async (page) => {
    await stage.paste(page, '/ci/builds?t=P1D&q=known:false');
    await page.locator('h2', { hasText: '4 builds' }).waitFor();
    await page.getByLabel('All failed builds').check();
    expect(await page.locator('tbody input:checked').count()).toBe(4);
    // Only the issue of build 3 can have a category of its own.
    await page.getByRole('button', { name: 'Set category of 1' }).waitFor();
    await page.getByLabel('Choose build 2026.3').uncheck();
    await page.getByRole('button', { name: 'Set category', exact: true }).click();
    await page.getByLabel('Category').fill('Feed');
    await page.locator('form').getByRole('button', { name: 'Set category' }).click();
    await page.getByText('No error of these is an issue').waitFor();
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Link to known issue' }).click();
    await page.getByRole('button', { name: 'New known issue' }).click();
    const dialog = page.getByRole('dialog', { name: 'New known issue' });
    expect(await dialog.getByLabel('The error contains').inputValue())
      .toBe('the registry answered');
    await dialog.locator('.preview strong', { hasText: '2 builds' }).waitFor();
    await dialog.getByLabel('Title').fill('The registry is away');
    await dialog.getByRole('button', { name: 'Make known issue' }).click();
    await page.locator('h2', { hasText: '2 builds' }).waitFor();

    // A build that tells of no error at all is linked by hand, and says so.
    await page.getByLabel('Choose build 2026.5').check();
    await page.getByRole('button', { name: 'Link to known issue' }).click();
    await page.getByRole('button', { name: 'The registry is away' }).click();
    await page.locator('h2', { hasText: '1 build' }).waitFor();
    await stage.paste(page, '/ci/builds/exorg/web/5');
    await page.getByText('Failed without an error that was told').waitFor();
    await page.getByRole('link', { name: 'Known: The registry' }).click();
    await settled(page);
    expect(await page.locator('section[aria-label="Builds"] tbody tr').count()).toBe(3);
    expect(await stage.server.rows('KnownIssueHits() | summarize Builds = dcount(BuildId)'
      + ' by Title, Source | order by Title asc, Source asc')).toEqual([
      ['Quota', 'log', 1], ['The registry is away', 'log', 2], ['The registry is away', 'manual', 1],
    ]);
  }));
});
