/** What a story plays on: a server and a browser of its file, an empty browser profile each. */

import { resolve } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { openBrowser, openPage, settled, type Look } from './browser';
import { Server } from './server';

const pictures = resolve(import.meta.dirname, '../../../target/stories');

interface Allowed {
  /** What a story brings about on the console itself, such as an answer of status 400. */
  allowed?: RegExp;
}

export class Stage {
  server!: Server;
  browser!: Browser;

  /**
   * A story in an empty browser; what goes wrong on its pages fails it. The page of a story that
   * failed is pictured in `target/stories`.
   */
  async play(run: (page: Page) => Promise<void>, look: Look & Allowed = {}): Promise<void> {
    const { page, context, problems } = await openPage(this.browser, this.server.url, look);
    try {
      await run(page);
      expect(problems.filter((text) => !look.allowed?.test(text))).toEqual([]);
    } catch (error) {
      const path = `${pictures}/${expect.getState().currentTestName?.replace(/\W+/g, '-')}.png`;
      await page.screenshot({ path }).catch(() => {});
      throw error;
    } finally {
      await context.close();
    }
  }

  /** Opens a pasted address, a path with its query. */
  async paste(page: Page, path: string): Promise<void> {
    await page.goto(this.server.url + path);
    await settled(page);
  }
}

/** A stage for the stories of a file; `start` gives its server. */
export function useStage(start: () => Promise<Server> = () => Server.start()): Stage {
  const stage = new Stage();
  beforeAll(async () => {
    stage.server = await start();
    stage.browser = await openBrowser();
  });
  afterAll(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
  });
  return stage;
}

/** Follows a link of the navigation at the left. */
export async function follow(page: Page, name: string): Promise<void> {
  const pages = page.getByRole('navigation', { name: 'Pages' });
  await pages.getByRole('link', { name, exact: true }).click();
  await settled(page);
}

/** Presses Tab until `target` has the focus. */
export async function tabTo(page: Page, target: Locator, most = 80): Promise<void> {
  const wanted = await target.elementHandle();
  for (let presses = 0; presses < most; presses += 1) {
    if (await page.evaluate((found) => document.activeElement === found, wanted)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} is not reached by ${most} presses of Tab`);
}

/** Presses keys one after the other. */
export async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

/** The texts of the first cells of a row of results, as the grid shows them. */
export function cells(row: Locator): Promise<string[]> {
  return row.getByRole('gridcell').allTextContents();
}
