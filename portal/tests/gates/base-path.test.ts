/** Behind a proxy that serves everything below a path. */

import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, inject, it } from 'vitest';
import { openBrowser, openPage, settled } from '../support/browser';
import { Server } from '../support/server';

it('works below a path', async () => {
  const server = await Server.start(['--portal', '/tools/telltale/'], inject('demo'));
  const proxy = createServer((incoming, outgoing) => {
    const target = new URL(incoming.url ?? '/', server.url);
    const { method, headers } = incoming;
    const passed = request(target, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const browser = await openBrowser();
  const { page, context, problems } = await openPage(browser, origin);

  await page.goto(`${origin}/tools/telltale/a/default/overview?t=P30D`);
  await settled(page);
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  await page.waitForURL('**/tools/telltale/a/default/search?t=P30D');
  await settled(page);
  expect(await page.locator('h1').first().textContent()).toBe('Search');
  expect(problems).toEqual([]);

  await context.close();
  await browser.close();
  proxy.closeAllConnections();
  proxy.close();
  await server.stop();
});
