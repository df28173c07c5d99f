/** A plain-HTTP host name: browsers take no brotli there and have no clipboard interface. */

import { expect, inject, it } from 'vitest';
import { openBrowser, openPage, settled } from '../support/browser';
import { Server } from '../support/server';

it('serves gzip and copies links', async () => {
  const server = await Server.start([], inject('demo'));
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
  expect(problems).toEqual([]);

  await context.close();
  await browser.close();
  await server.stop();
});
