/**
 * A Chromium, and pages that fail a story when they print an error, break the content security
 * policy, or ask another origin for anything.
 */

import AxeSource from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect } from 'vitest';

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

export function openBrowser(more: string[] = []): Promise<Browser> {
  const executablePath = process.env.CHROME ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, headless: true, args: [...flags, ...more] });
}

export interface Look {
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

/** A page and what went wrong on it. */
export interface Watched {
  page: Page;
  context: BrowserContext;
  problems: string[];
}

export async function openPage(
  browser: Browser,
  origin: string,
  look: Look = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
    colorScheme: look.theme ?? 'light',
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob|about):/.test(url)) {
      problems.push(`request to ${url}`);
    }
  });
  return { page, context, problems };
}

/** Violations of accessibility rules on what is shown now. */
export async function violations(page: Page): Promise<string[]> {
  // By the interface of the debugger: the page's own policy lets no script in.
  await page.evaluate(AxeSource.source);
  return page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: typeof import('axe-core') }).axe;
    const found = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return found.violations.map(({ id, nodes }) => {
      const places = nodes.slice(0, 3).map((node) => node.html.slice(0, 160));
      return `${id} × ${nodes.length}: ${places.join(' | ')}`;
    });
  });
}

/** Waits until nothing on the page is loading. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(
    () => document.querySelectorAll('main [aria-busy="true"]').length === 0,
    undefined,
    { timeout: 30_000 },
  );
}

/** What moved while the page loaded: how far, as a share of the screen, and what. */
export function shifts(page: Page): Promise<{ sum: number; moved: string }> {
  return page.evaluate(() => new Promise((done) => {
    interface Shift extends PerformanceEntry {
      value: number;
      hadRecentInput: boolean;
      sources: { node: Node | null }[];
    }
    new PerformanceObserver((list) => {
      const found = (list.getEntries() as Shift[]).filter((entry) => !entry.hadRecentInput);
      const elements = found.flatMap(({ sources }) => sources.map(({ node }) => node));
      const names = elements.map((node) => (node instanceof Element
        ? `${node.localName}.${node.getAttribute('class') ?? ''}` : String(node?.nodeName)));
      const sum = found.reduce((all, { value }) => all + value, 0);
      done({ sum, moved: names.slice(0, 4).join(', ') });
    }).observe({ type: 'layout-shift', buffered: true });
    // Nobody is told where nothing moved.
    setTimeout(() => done({ sum: 0, moved: '' }), 50);
  }));
}

/** Has everything take longer on its way, so that a page is seen before its data is there. */
export async function slowDown(page: Page): Promise<void> {
  const debug = await page.context().newCDPSession(page);
  await debug.send('Network.emulateNetworkConditions', {
    offline: false, latency: 60, downloadThroughput: 1_000_000, uploadThroughput: 1_000_000,
  });
}

export function expectClean(watched: Watched): void {
  expect(watched.problems).toEqual([]);
}
