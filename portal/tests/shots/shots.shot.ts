/**
 * Pictures of every page for people to look at: light and dark, wide and narrow, with the
 * demonstration data and empty. They go to `target/shots`; nothing is compared.
 */

import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { inject, it } from 'vitest';
import { openBrowser, openPage, settled, type Look } from '../support/browser';
import { allPages } from '../support/pages';
import { Server } from '../support/server';

const folder = resolve(import.meta.dirname, '../../../target/shots');
const looks: [string, Look][] = [
  ['light', {}],
  ['dark', { theme: 'dark' }],
  ['narrow', { width: 390, height: 844 }],
  ['narrow-dark', { width: 390, height: 844, theme: 'dark' }],
  ['large', { width: 2560, height: 1440 }],
];
const only = process.env.ONLY ?? '';

async function shoot(server: Server, prefix: string): Promise<void> {
  const browser = await openBrowser();
  const pages = (await allPages(server)).filter((found) => found.name.includes(only));
  for (const [lookName, look] of looks) {
    for (const { name, path } of pages) {
      const { page, context, problems } = await openPage(browser, server.url, look);
      await page.goto(server.url + path);
      await settled(page).catch((error: unknown) => problems.push(String(error)));
      await page.waitForTimeout(300);
      const file = `${folder}/${prefix}${name}-${lookName}.png`;
      await page.screenshot({ path: file, fullPage: lookName !== 'large' });
      for (const problem of problems) console.log(`${prefix}${name} ${lookName}: ${problem}`);
      await context.close();
    }
  }
  await browser.close();
}

it('takes pictures of all pages', { timeout: 1_800_000 }, async () => {
  mkdirSync(folder, { recursive: true });
  const server = await Server.start([], inject('demo'));
  await shoot(server, '');
  await server.stop();
  const empty = await Server.start();
  await shoot(empty, 'empty-');
  await empty.stop();
  console.log(`pictures are in ${folder}`);
});
