/**
 * Pictures of every page for people to look at: light and dark, on a phone, a desk and a very wide
 * screen; with the demonstration data, empty, and with a server that fails. They go to
 * `target/shots`, with an `index.html` that shows them side by side; nothing is compared.
 * `ONLY=ci` takes those of the pages whose names contain `ci`.
 */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, describe, inject, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openPage, settled, type Look } from '../support/browser';
import { allPages } from '../support/pages';
import { Server } from '../support/server';

const folder = resolve(import.meta.dirname, '../../../target/shots');
const looks: Record<string, Look> = {
  light: { width: 1366, height: 768 },
  dark: { width: 1366, height: 768, theme: 'dark' },
  narrow: { width: 390, height: 844 },
  'narrow-dark': { width: 390, height: 844, theme: 'dark' },
  large: { width: 2560, height: 1440 },
};
const only = process.env.ONLY ?? '';

/** Has every call but that for the session fail, as when the disk of the server is broken. */
async function fail(page: Page): Promise<void> {
  const error = { code: 'io_error', message: 'An extent cannot be read', requestId: '7d0c2f6e' };
  await page.route(/\/(api|v1)\/(?!portal\/session)/, (route) =>
    route.fulfill({ status: 500, json: { error } }));
}

interface Shoot {
  server: Server;
  /** A part of the names of the files; empty for the demonstration data. */
  state: string;
  lookNames: string[];
  prepare?: (page: Page) => Promise<void>;
}

async function shoot(browser: Browser, { server, state, lookNames, prepare }: Shoot): Promise<void> {
  const pages = (await allPages(server)).filter(({ name }) => name.includes(only));
  for (const lookName of lookNames) {
    const { page, context, problems } = await openPage(browser, server.url, looks[lookName]);
    await prepare?.(page);
    for (const { name, path } of pages) {
      await page.goto(server.url + path);
      await settled(page).catch((error: unknown) => problems.push(String(error)));
      await page.waitForTimeout(300);
      const file = [name, state, lookName].filter((part) => part !== '').join('_');
      await page.screenshot({ path: `${folder}/${file}.png`, fullPage: lookName !== 'large' });
      for (const problem of problems.splice(0)) {
        if (!prepare) console.log(`${file}: ${problem}`);
      }
    }
    await context.close();
  }
}

/** One row of pictures for each page. */
function index(): void {
  const all = readdirSync(folder).filter((file) => file.endsWith('.png')).sort();
  const nameOf = (file: string) => file.split(/[_.]/)[0] ?? '';
  const parts = [...new Set(all.map(nameOf))].map((name) => {
    const files = all.filter((file) => nameOf(file) === name);
    const pictures = files.map((file) => `<figure><figcaption>${file}</figcaption>`
      + `<a href="${file}"><img src="${file}" alt="" loading="lazy"></a></figure>`);
    return `<h2>${name}</h2><section>${pictures.join('\n')}</section>`;
  });
  const style = 'section{display:flex;gap:1rem;overflow-x:auto}img{height:24rem}figure{margin:0}';
  writeFileSync(`${folder}/index.html`, '<!doctype html><meta charset="utf-8">'
    + `<title>Pictures of the portal</title><style>${style}</style>${parts.join('\n')}`);
}

describe('pictures of all pages', { timeout: 1_800_000 }, () => {
  afterAll(() => {
    index();
    console.log(`the pictures are in ${folder}, side by side in ${folder}/index.html`);
  });

  it('with the demonstration data, and failing', async () => {
    mkdirSync(folder, { recursive: true });
    const server = await Server.start([], inject('demo'));
    const browser = await openBrowser();
    await shoot(browser, { server, state: '', lookNames: Object.keys(looks) });
    const lookNames = ['light', 'narrow-dark'];
    await shoot(browser, { server, state: 'error', lookNames, prepare: fail });
    await browser.close();
    await server.stop();
  });

  it('empty', async () => {
    const server = await Server.start();
    const browser = await openBrowser();
    await shoot(browser, { server, state: 'empty', lookNames: ['light', 'narrow-dark', 'large'] });
    await browser.close();
    await server.stop();
  });
});
