/** Every page, light and dark, by the rules of accessibility, without errors on the console. */

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { openBrowser, openPage, settled, violations } from '../support/browser';
import { allPages, type PageAddress } from '../support/pages';
import { Server } from '../support/server';

let server: Server;
let browser: Browser;
let pages: PageAddress[];

beforeAll(async () => {
  server = await Server.start([], inject('demo'));
  browser = await openBrowser();
  pages = await allPages(server);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** What browsers print of a query that is wrong and of a page that is not there. */
const expected: Record<string, RegExp> = { 'logs-error': /status of 400/, missing: /status of 404/ };

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it('has no violation on any page', { timeout: 300_000 }, async () => {
    const found: string[] = [];
    const { page, context, problems } = await openPage(browser, server.url, { theme });
    for (const { name, path } of pages) {
      await page.goto(server.url + path);
      await settled(page);
      const said = problems.splice(0).filter((text) => !expected[name]?.test(text));
      const all = [...(await violations(page)), ...said];
      found.push(...all.map((text) => `${name}: ${text}`));
    }
    await context.close();
    expect(found).toEqual([]);
  });
});

it('has nothing wider than a phone', { timeout: 300_000 }, async () => {
  const wide: string[] = [];
  const { page, context } = await openPage(browser, server.url, { width: 390, height: 844 });
  for (const { name, path } of pages) {
    await page.goto(server.url + path);
    await settled(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > 390) wide.push(`${name}: ${width} px`);
  }
  await context.close();
  expect(wide).toEqual([]);
});
