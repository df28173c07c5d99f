/**
 * S6: an error that many builds have becomes a known issue, by clicks from Failures, and its builds
 * are found; a build without one is linked by hand.
 */

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { settled, violations } from '../support/browser';
import { Server } from '../support/server';
import { follow, useStage } from '../support/stage';

/** Its own copy: other stories count what is there. */
const folder = mkdtempSync(join(tmpdir(), 'telltale-known-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const stage = useStage(() => {
  cpSync(inject('demo'), folder, { recursive: true });
  return Server.start([], folder);
});

describe('known issues', () => {
  it('come from a failure, with a preview that the report agrees with', () => stage.play(
    async (page) => {
      await stage.paste(page, '/ci/failures?t=P30D&q=CS1061');
      const row = page.locator('tbody tr').first();
      await row.getByRole('button', { name: 'Make known issue' }).click();
      const dialog = page.getByRole('dialog', { name: 'New known issue' });
      const pattern = await dialog.getByLabel('matches this regular expression').inputValue();
      expect(pattern).toContain('error CS1061');
      await dialog.locator('.preview strong').waitFor();
      const said = await dialog.locator('.preview').textContent();
      await dialog.getByLabel('Title').fill('A member is gone');
      expect(await violations(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Make known issue' }).click();
      await dialog.waitFor({ state: 'detached' });
      await row.getByRole('link', { name: 'Known: A member' }).waitFor();
      const builds = await stage.server.number(
        'KnownIssueCounts() | where Title startswith "A member" | project Builds');
      expect(builds).toBeGreaterThan(0);
      expect(said).toContain(`${builds} build`);

      await page.getByRole('button', { name: /^Known \d/ }).click();
      await page.waitForURL(/state=known/);
      await page.getByRole('link', { name: 'Known: A member' }).first().click();
      await settled(page);
      expect(new URL(page.url()).pathname).toMatch(/^\/ci\/known\/[0-9a-f]{12}$/);
      await page.getByRole('heading', { name: 'A member is gone' }).waitFor();
      expect(await page.locator('section[aria-label="Builds"] tbody tr').count()).toBe(builds);
      await page.locator('section[aria-label="Builds"] tbody a').first().click();
      await settled(page);
      await page.getByRole('link', { name: 'Known: A member' }).first().waitFor();
    }));

  it('come from a test that failed, and stand at each that has its text', () => stage.play(
    async (page) => {
      const [where] = await stage.server.rows('TestResults'
        + ' | where Outcome == "Failed" and isnotempty(ErrorMessage)'
        + ' | summarize arg_max(StartTime, Organization, Project, BuildId)'
        + ' | project Organization, Project, BuildId', 'P30D');
      const id = Number(where?.[2]);
      await stage.paste(page, `/ci/builds/${where?.slice(0, 2).join('/')}/${id}?tab=tests`);
      const results = page.locator('section[aria-label="Failed tests"] tbody tr');
      await results.getByRole('button', { name: 'Make known issue' }).first().click();
      const dialog = page.getByRole('dialog', { name: 'New known issue' });
      await dialog.locator('.preview strong').filter({ hasNotText: /^0 / }).waitFor();
      await dialog.getByLabel('Title').fill('A test is wrong');
      await dialog.getByRole('button', { name: 'Make known issue' }).click();
      const known = results.getByRole('link', { name: 'Known: A test' });
      await known.first().waitFor();
      expect(await known.count()).toBe(await stage.server.number(
        `KnownIssueHits() | where Title == "A test is wrong" and Source == "test"
        and BuildId == ${id} | count`));
      expect(await violations(page)).toEqual([]);
      await known.first().click();
      await settled(page);
      await page.getByRole('heading', { name: 'A test is wrong' }).waitFor();
      const builds = page.locator('section[aria-label="Builds"]');
      await builds.getByText(/test \d/).first().waitFor();
    }));

  it('are changed, disabled and deleted', () => stage.play(async (page) => {
    await stage.paste(page, '/ci');
    await follow(page, 'Known issues');
    await page.getByRole('button', { name: 'New known issue' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Title').fill('Nothing yet');
    await dialog.getByLabel('The error contains').fill('nothing has this text');
    await dialog.locator('.preview strong', { hasText: '0 builds' }).waitFor();
    await dialog.getByRole('button', { name: 'Make known issue' }).click();
    await page.getByRole('heading', { name: 'Nothing yet' }).waitFor();
    await page.getByRole('button', { name: 'Edit' }).click();
    await dialog.getByLabel('The error contains').fill('error CS1061');
    await dialog.locator('.preview strong').filter({ hasNotText: /^0 / }).waitFor();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.locator('code', { hasText: 'error CS1061' }).first().waitFor();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('Disabled: new builds are not looked at.').waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(/\/ci\/known$/);
    await settled(page);
    expect(await page.getByText('Nothing yet').count()).toBe(0);
  }));

  it('refuse a pattern that is none, at its place', () => stage.play(async (page) => {
    await stage.paste(page, '/ci/known');
    await page.getByRole('button', { name: 'New known issue' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Pattern' }).click();
    await dialog.getByLabel('matches this regular expression').fill('ab(c');
    await dialog.getByText('see character 3: unclosed group').waitFor();
  }, { allowed: /status of 400/ }));

  it('are linked to builds by hand and asked for in words', () => stage.play(async (page) => {
    await stage.paste(page, '/ci/builds?t=P30D&q=result:failed%20known:false');
    const before = await stage.server.number(
      'CompletedBuilds() | where IsFail | join kind=leftanti KnownIssueHits() '
        + 'on Organization, Project, BuildId | count');
    await page.locator('h2', { hasText: `${before} build` }).waitFor();
    await page.locator('tbody input[type="checkbox"]').first().check();
    await page.getByRole('button', { name: 'Link to known issue' }).click();
    await page.getByRole('button', { name: 'Machines run out of disk' }).click();
    await page.locator('h2', { hasText: `${before - 1} build` }).waitFor();
  }));
});
