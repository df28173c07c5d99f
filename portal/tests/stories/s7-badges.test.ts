/** S7: a badge per release and environment, from a hook whose key can be revoked. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { settled } from '../support/browser';
import { follow, useStage } from '../support/stage';

const stage = useStage();
const recorded = resolve(
  import.meta.dirname,
  '../../../tests/azdo/recorded/hook-deployment-completed-approved.json',
);
let key = '';
let source = '';

/** What Azure DevOps does at the end of a deployment. */
function post(address: string): Promise<Response> {
  return fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: readFileSync(recorded),
  });
}

/** The code that a dialog shows once. */
async function shownOnce(page: Page): Promise<string> {
  const dialog = page.getByRole('dialog');
  const text = (await dialog.getByRole('code').first().textContent()) ?? '';
  await dialog.getByRole('button', { name: 'I have kept it' }).click();
  return text.trim();
}

/** Signs in and comes back to where one wanted to go. */
async function signIn(page: Page, path: string): Promise<void> {
  await page.goto(stage.server.url + path);
  await page.getByLabel('Key', { exact: true }).fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(stage.server.url + path);
  await settled(page);
}

const refused = /status of 401/;

describe('S7', () => {
  it('is done by clicks', async () => {
    await stage.play(async (page) => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.goto(stage.server.url);
      await settled(page);
      // The first key must be the reader's own, or nobody could administer the server.
      await follow(page, 'Service hooks');
      await page.getByRole('button', { name: 'Make the first hook' }).click();
      await page.getByLabel('Name').fill('administrator');
      await page.getByRole('button', { name: 'Make the key' }).click();
      await page.getByText('It is shown this once').waitFor();
      key = await shownOnce(page);
      await page.getByLabel('Name, of the team for example').fill('team-a');
      await page.getByRole('button', { name: 'Make it' }).click();
      await page.getByText('This address is shown this once').waitFor();
      const address = await shownOnce(page);
      expect((await post(address)).status).toBe(200);
      await page.getByRole('row', { name: /team-a/ }).getByText(/ ago|just now/).waitFor();

      await follow(page, 'Badges');
      const picture = page.getByRole('cell').getByRole('img').first();
      const width = await picture.evaluate(async (image: HTMLImageElement) => {
        await image.decode();
        return image.naturalWidth;
      });
      expect(width).toBeGreaterThan(20);
      await page.getByRole('button', { name: 'Copy as Markdown' }).first().click();
      await page.getByText('Copied').waitFor();
      const markdown = await page.evaluate(() => navigator.clipboard.readText());
      source = /!\[[^\]]+\]\(([^)]+)\)/.exec(markdown)?.[1] ?? '';
      const badge = await (await fetch(source)).text();
      expect(badge).toMatch(/^<svg/);

      await follow(page, 'Service hooks');
      await page.getByRole('row', { name: /team-a/ })
        .getByRole('button', { name: 'Revoke' }).click();
      await page.getByText('1 badge heard from it').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByText('“team-a” has ended').waitFor();
      expect((await post(address)).status).toBe(410);
      expect((await fetch(source)).status).toBe(200);
    });
  });

  it('says what a sample of a confined hook came to', async () => {
    await stage.play(async (page) => {
      await signIn(page, '/ci/hooks');
      await page.getByRole('button', { name: 'New hook' }).click();
      await page.getByLabel('Name, of the team for example').fill('team-b');
      await page.getByLabel('Projects').fill('11111111-1111-1111-1111-111111111111');
      await page.getByRole('button', { name: 'Make it' }).click();
      await page.getByRole('button', { name: 'Send a sample' }).click();
      await page.getByText('A sample was taken but became no badge').waitFor();
      await page.getByRole('button', { name: 'I have kept it' }).click();
      const rows = page.getByRole('row', { name: /team-b/ });
      await rows.getByText('stored; not of what the hook is for').waitFor();
      await rows.getByText('1 project', { exact: true }).waitFor();
      await page.getByRole('row', { name: /team-a/ }).last()
        .getByRole('button', { name: 'Replay' }).click();
      await page.getByText('Worked through again: 1 badge').waitFor();
    }, { allowed: refused });
  });

  it('opens from a pasted address, after signing in', async () => {
    await stage.play(async (page) => {
      await signIn(page, '/ci/badges');
      await page.getByRole('cell').getByRole('link').first().click();
      const panel = page.getByRole('dialog');
      await panel.waitFor();
      const path = page.url().slice(stage.server.url.length);
      expect(path).toContain('sel=');
      await page.goto('about:blank');
      await page.goto(stage.server.url + path);
      await panel.getByRole('button', { name: 'Copy as Markdown' }).waitFor();
      expect(await panel.textContent()).toContain(source);
      await page.keyboard.press('Escape');
      await panel.waitFor({ state: 'detached' });
    }, { allowed: refused });
  });

  it('draws a badge as its templates are typed', async () => {
    await stage.play(async (page) => {
      await signIn(page, '/ci/badges');
      await page.getByRole('row').filter({ has: page.getByRole('cell') }).first()
        .getByRole('link', { name: /^Change / }).click();
      const panel = page.getByRole('dialog');
      const fields = panel.getByRole('group', { name: 'Fields of templates' });
      const release = (await fields.getByRole('button', { name: /\{release\}/ })
        .textContent() ?? '').replace('{release}', '').trim();
      expect(release).not.toBe('');
      const before = await (await fetch(source)).text();

      const message = panel.getByLabel('Message');
      await message.fill('runs ');
      await fields.getByRole('button', { name: /\{release\}/ }).click();
      expect(await message.inputValue()).toBe('runs {release}');
      for (const ground of ['light', 'dark']) {
        const picture = panel.getByRole('img', { name: `: runs ${release}, on ${ground}` });
        await picture.waitFor();
        expect(await picture.evaluate(async (image: HTMLImageElement) => {
          await image.decode();
          return image.naturalWidth;
        })).toBeGreaterThan(20);
      }
      // Nothing of it is saved.
      expect(await (await fetch(source)).text()).toBe(before);

      await message.press('End');
      await page.keyboard.type(' {relaese}');
      await panel.getByText('`{relaese}` is no field of badges').waitFor();
      expect(await message.getAttribute('aria-invalid')).toBe('true');
      // The last that could be drawn stays.
      await panel.getByRole('img', { name: `: runs ${release}, on light` }).waitFor();

      await message.fill('runs {release}');
      await panel.getByText('is no field of badges').waitFor({ state: 'detached' });
      await panel.getByLabel('Style').selectOption('for-the-badge');
      await panel.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved', { exact: true }).waitFor();
      const after = await (await fetch(source)).text();
      expect(after).toContain(`RUNS ${release.toUpperCase()}`);
    }, { allowed: /status of 40[01]/ });
  });
});
