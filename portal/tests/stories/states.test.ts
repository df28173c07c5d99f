/** Nothing received yet, server away, signed out: what a reader sees, and how it ends by itself. */

import { describe, expect, it } from 'vitest';
import { openPage, settled } from '../support/browser';
import { envelope, post } from '../support/envelopes';
import { Server } from '../support/server';
import { follow, press, useStage } from '../support/stage';

describe('an empty server', () => {
  const stage = useStage();

  it('begins with Set-up and tells of the first event by itself', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await page.getByRole('heading', { name: 'Waiting for the first item' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/setup');
      const shown = await page.getByRole('main').textContent();
      expect(shown).toContain(stage.server.ready.connectionString);
      await page.getByRole('navigation', { name: 'Pages' })
        .getByText('Nothing received yet').waitFor();
      await post(stage.server, [envelope('EventData', { name: 'First' })]);
      const posted = Date.now();
      await page.getByRole('heading', { name: 'Received 1 item' }).waitFor({ timeout: 4000 });
      const waited = Date.now() - posted;
      console.log(`the first event shows after ${waited} ms`);
      await page.getByRole('link', { name: 'Open Overview' }).click();
      await settled(page);
      await page.getByRole('region', { name: 'Events by name' }).waitFor();
    });
  });

  it('fills Metrics and Search by itself as well', async () => {
    const server = await Server.start();
    const { context, page, problems } = await openPage(stage.browser, server.url);
    try {
      for (const path of ['metrics?c=%7B%22m%22:%22events%22%7D', 'search']) {
        await page.goto(`${server.url}/a/default/${path}`);
        await page.getByText('Waiting for the first item').waitFor();
      }
      const other = await context.newPage();
      await other.goto(`${server.url}/a/default/metrics?c=%7B%22m%22:%22events%22%7D`);
      await other.getByText('Waiting for the first item').waitFor();
      await post(server, [envelope('EventData', { name: 'First of all' })]);
      await page.getByRole('row', { name: /First of all/ }).waitFor();
      await other.getByRole('img', { name: /^Events: / }).waitFor();
      expect(problems).toEqual([]);
    } finally {
      await context.close();
      await server.stop();
    }
  });

  it('says what to do on a page without data', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, '/a/nothing/overview');
      await page.getByText('There is no application “nothing”').waitFor();
      await page.getByRole('link', { name: 'default', exact: true }).click();
      await settled(page);
      await follow(page, 'Metrics');
      await page.getByText(/Requests: none yet|Nothing received yet/).first().waitFor();
      await follow(page, 'Health');
      await page.getByRole('link', { name: 'Create a key for a service hook' }).waitFor();
      await follow(page, 'Badges');
      await page.getByText('No badge yet').waitFor();
    });
  });
});

describe('a server that goes away', () => {
  const stage = useStage();

  it('is told of by a banner, and comes back without being asked', async () => {
    await post(stage.server, [envelope('RequestData', {
      id: 'one', name: 'Publish', duration: '00:00:01', success: true, responseCode: '0',
    })]);
    await stage.play(async (page) => {
      await stage.paste(page, '/a/default/overview');
      const number = page.getByRole('region', { name: 'Requests', exact: true });
      await number.waitFor();
      await stage.server.pause();
      await press(page, 'r');
      await page.getByText(/The server is not reachable, trying again in \d+ s/).waitFor();
      // What was there stays.
      expect(await number.count()).toBe(1);
      await stage.server.resume();
      await page.getByText('The server is not reachable').waitFor({ state: 'detached' });
      await page.getByRole('alert').first().waitFor({ state: 'detached' });
      await settled(page);
      expect(await number.count()).toBe(1);
    }, { allowed: /ERR_|Failed to load resource|Failed to fetch/ });
  });

  it('shows a page that was gone to meanwhile', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, '/setup');
      await stage.server.pause();
      await page.getByRole('link', { name: 'Data health' }).first().click();
      await page.getByText('This page could not be loaded').waitFor();
      await stage.server.resume();
      await page.getByText('Why is my item not here?').waitFor({ timeout: 60_000 });
    }, { allowed: /ERR_|Failed to load resource|Failed to fetch/ });
  });
});

describe('a server with keys', () => {
  const admin = 'tt_admin_for_stories_0123456789abcdef';
  const stage = useStage(() => Server.start(['--admin-key', admin]));

  it('asks for a key, returns to where one was, and lets one sign out', async () => {
    await stage.play(async (page) => {
      const path = '/a/default/logs?q=print+1&run=1&tz=local';
      await page.goto(stage.server.url + path);
      await page.getByLabel('Key', { exact: true }).fill('tt_wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').waitFor();
      await page.getByLabel('Key', { exact: true }).fill(admin);
      await press(page, 'Enter');
      await page.waitForURL(/\/a\/default\/logs\?/);
      await page.getByRole('grid', { name: 'Rows of the result' }).waitFor();
      expect(page.url()).toContain('q=print+1');
      expect(page.url()).toContain('tz=local');

      await page.getByRole('button', { name: 'Your session' }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL(/\/sign-in/);
      expect((await page.context().cookies()).filter((found) => found.value !== '')).toEqual([]);
      await page.goto(`${stage.server.url}/a/default/overview`);
      await page.waitForURL(/\/sign-in/);
    }, { allowed: /status of 40[13]/ });
  });

  it('keeps the cookie from scripts and other sites', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await page.getByLabel('Key', { exact: true }).fill(admin);
      await press(page, 'Enter');
      await settled(page);
      const [cookie] = await page.context().cookies();
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
      expect(await page.evaluate(() => document.cookie)).toBe('');
    }, { allowed: /status of 401/ });
  });
});

describe('a page that is gone back to', () => {
  const stage = useStage();

  async function send(count: number): Promise<void> {
    await post(stage.server, Array.from({ length: count }, (_, index) =>
      envelope('EventData', { name: `Event ${index}` }, {
        time: new Date(Date.now() - 60_000 - index * 1000).toISOString(),
      })));
  }

  it('is as it was left', async () => {
    await send(400);
    await stage.play(async (page) => {
      const answers: number[] = [];
      page.on('response', (response) => {
        if (response.url().endsWith('/api/portal/batch')) answers.push(response.status());
      });
      await stage.paste(page, '/a/default/search');
      const list = page.getByRole('grid', { name: 'Items, newest first' });
      await list.evaluate((view) => { view.scrollTop = 2000; });
      const shown = list.getByRole('row', { name: /Event 7\d\b/ }).first();
      await shown.waitFor();
      // What is kept of the entry follows the scrolling by a moment.
      await page.waitForFunction(() => history.state?.top !== undefined);
      await follow(page, 'Keys');
      answers.length = 0;
      await page.goBack();
      await settled(page);
      await page.waitForFunction(() =>
        (document.querySelector('main [role="grid"]')?.scrollTop ?? 0) > 1500);
      // The same answers: the server was asked whether they still are.
      expect(new Set(answers)).toEqual(new Set([304]));
    });
  });

  it('has the time zone that was chosen, also the next time', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, '/a/default/overview');
      await page.getByRole('button', { name: /Last 24 hours/ }).click();
      await page.getByLabel('Times are shown in').selectOption('local');
      await stage.paste(page, '/a/default/search');
      await page.waitForFunction(() => location.search.includes('tz=local'));
      await follow(page, 'Keys');
      expect(page.url()).toContain('tz=local');
    });
  });
});

describe('a refresh', () => {
  const stage = useStage();

  it('asks nothing while nothing comes', async () => {
    await post(stage.server, [envelope('EventData', { name: 'First' })]);
    await stage.play(async (page) => {
      await stage.paste(page, '/a/default/overview?r=10');
      let asked = 0;
      page.on('request', (request) => {
        if (request.url().endsWith('/api/portal/batch')) asked += 1;
      });
      // The first one learns in which state the rows are.
      await page.waitForTimeout(12_000);
      asked = 0;
      await page.waitForTimeout(11_000);
      expect(asked).toBe(0);
      await post(stage.server, [envelope('EventData', { name: 'Second' })]);
      const events = page.getByRole('region', { name: 'Events by name' });
      await events.getByText('2', { exact: true }).first().waitFor();
      expect(asked).toBeGreaterThan(0);
    });
  });
});

describe('items that keep coming', () => {
  const stage = useStage();

  it('do not end what a page asks before it is answered', async () => {
    await post(stage.server, [envelope('EventData', { name: 'First' })]);
    let isOver = false;
    const sending = (async () => {
      while (!isOver) {
        await post(stage.server, [envelope('EventData', { name: 'Another' })]);
        await new Promise((done) => setTimeout(done, 200));
      }
    })();
    try {
      await stage.play(async (page) => {
        await page.route('**/api/portal/{batch,data*}', async (route) => {
          await new Promise((done) => setTimeout(done, 2500));
          await route.continue().catch(() => {});
        });
        await page.goto(`${stage.server.url}/setup/data`);
        await page.getByRole('cell', { name: 'customEvents' }).first().waitFor();
        const senders = page.locator('section', { hasText: 'Senders of the last 7 days' });
        await senders.locator('tbody tr').first().waitFor();
      });
    } finally {
      isOver = true;
      await sending;
    }
  });
});
