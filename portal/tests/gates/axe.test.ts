/**
 * Every page, light and dark, by the rules of accessibility, without errors on the console; on a
 * desk and a phone nothing moves while it loads over a slow network.
 */

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Browser } from 'playwright-core';
import {
  openBrowser, openPage, settled, shifts, slowDown, violations,
} from '../support/browser';
import { allPages, type PageAddress } from '../support/pages';
import { match, routes } from '../../src/routes';
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

/** What may move, as a share of the screen times how far it moves. */
const SHIFT_MOST = 0.02;

/** What browsers print of a query that is wrong and of a page that is not there. */
const expected: Record<string, RegExp> = { 'logs-error': /status of 400/, missing: /status of 404/ };

it('are all pages there are', () => {
  const tried = new Set(pages.map(({ path }) => match(path.split('?')[0] ?? '')?.route));
  expect(routes.filter((route) => !tried.has(route)).map(({ path }) => path)).toEqual([]);
});

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it('has no violation on any page', { timeout: 300_000 }, async () => {
    const found: string[] = [];
    const { page, context, problems } = await openPage(browser, server.url, { theme });
    await slowDown(page);
    for (const { name, path } of pages) {
      await page.goto(server.url + path);
      await settled(page);
      const { sum, moved } = await shifts(page);
      if (sum > SHIFT_MOST) found.push(`${name}: moves by ${sum.toFixed(3)}: ${moved}`);
      const said = problems.splice(0).filter((text) => !expected[name]?.test(text));
      const all = [...(await violations(page)), ...said];
      found.push(...all.map((text) => `${name}: ${text}`));
    }
    await context.close();
    expect(found).toEqual([]);
  });
});

it('has nothing wider than a phone, and nothing that moves', { timeout: 300_000 }, async () => {
  const wide: string[] = [];
  const { page, context } = await openPage(browser, server.url, { width: 390, height: 844 });
  await slowDown(page);
  for (const { name, path } of pages) {
    await page.goto(server.url + path);
    await settled(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > 390) wide.push(`${name}: ${width} px`);
    const { sum, moved } = await shifts(page);
    if (sum > SHIFT_MOST) wide.push(`${name}: moves by ${sum.toFixed(3)}: ${moved}`);
  }
  await context.close();
  expect(wide).toEqual([]);
});
