/** A plain-HTTP host name: browsers take no brotli there and have no clipboard interface. */

import { expect, inject, it } from 'vitest';
import { openBrowser, openPage, settled } from '../support/browser';
import { Server } from '../support/server';

it('serves gzip and copies links', async () => {
  // Without a key a server answers to names of its own machine only.
  const server = await Server.start(['--admin-key', 'a-key-of-this-test'], inject('demo'));
  const port = new URL(server.url).port;
  const browser = await openBrowser(['--host-resolver-rules=MAP telltale.test 127.0.0.1']);
  const origin = `http://telltale.test:${port}`;
  const { page, context, problems } = await openPage(browser, origin);
  const encodings = new Set<string>();
  page.on('response', (response) => {
    if (response.url().endsWith('.js')) {
      encodings.add(response.headers()['content-encoding'] ?? 'none');
    }
  });
  await page.goto(`${origin}/a/default/overview`);
  await page.getByLabel('Key', { exact: true }).fill('a-key-of-this-test');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${origin}/a/default/overview`);
  await settled(page);
  expect([...encodings]).toEqual(['gzip']);
  expect(await page.evaluate(() => window.isSecureContext)).toBe(false);

  await page.locator('main').focus();
  await page.keyboard.press('x');
  await page.getByText('Link copied').waitFor();
  await page.getByRole('button', { name: /Search or jump/ }).click();
  await page.getByRole('combobox').focus();
  await page.keyboard.press('Control+V');
  expect(await page.getByRole('combobox').inputValue()).toBe(`${origin}/a/default/overview`);
  expect(problems.filter((text) => !/status of 401/.test(text))).toEqual([]);

  await context.close();

  // A server without a key says why it does not answer to this name.
  const open = await Server.start();
  const other = `http://telltale.test:${new URL(open.url).port}`;
  const stranger = await openPage(browser, other);
  await stranger.page.goto(other);
  await stranger.page.getByText('The server answers nobody here').waitFor();
  await stranger.context.close();
  await open.stop();
  await browser.close();
  await server.stop();
});
