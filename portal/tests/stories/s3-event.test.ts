/** S3: one event with the ids, task name and task kind that were attached to it. */

import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { settled } from '../support/browser';
import { properties, send } from '../support/sdk';
import { Server } from '../support/server';
import { follow, press, tabTo, useStage } from '../support/stage';

const stage = useStage(async () => {
  const server = await Server.start();
  await send(server);
  return server;
});

/** The newest `Cache Hit`. */
const wanted = properties(1);

/** All that was attached stands there in full. */
async function expectProperties(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Cache Hit' }).waitFor();
  const terms = page.getByRole('term');
  for (const [key, value] of Object.entries(wanted)) {
    const entry = page.locator('dl > div').filter({ has: terms.filter({ hasText: key }) });
    expect(await entry.first().textContent()).toContain(value);
  }
}

async function newest(): Promise<string> {
  const [row] = await stage.server.rows(
    'customEvents | where name == "Cache Hit" | top 1 by timestamp | project itemId', 'P1D');
  return String(row?.[0]);
}

describe('S3', () => {
  it('is done by clicks', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await settled(page);
      await follow(page, 'Search');
      await page.getByRole('button', { name: /^Events \d+$/ }).click();
      await page.getByRole('button', { name: 'Cache Hit', exact: true }).click();
      await settled(page);
      await page.getByRole('row', { name: /^Event .* Cache Hit/ }).first().click();
      await expectProperties(page);
      expect(page.url()).toContain(`sel=${await newest()}`);
      await page.getByRole('link', { name: 'Open as a page' }).click();
      await settled(page);
      expect(new URL(page.url()).pathname).toBe(`/a/default/item/${await newest()}`);
      await expectProperties(page);
    });
  });

  it('filters to a value from the item', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, `/a/default/item/${await newest()}`);
      await page.getByRole('button', { name: 'More for projectId' }).click();
      await page.getByRole('link', { name: 'Filter to this' }).click();
      await page.getByRole('heading', { name: 'Search' }).waitFor();
      await settled(page);
      const count = await stage.server.number(
        'union requests, customEvents | where tostring(customDimensions.projectId) == '
          + `"${wanted.projectId}" | summarize sum(itemCount)`, 'P1D');
      await page.getByRole('status').filter({ hasText: `${count} items` }).waitFor();
    });
  });

  it('opens from a pasted address', async () => {
    await stage.play(async (page) => {
      const item = await newest();
      await stage.paste(page, `/a/default/search?type=event&sel=${item}`);
      await expectProperties(page);
      await stage.paste(page, `/a/default/item/${item}`);
      await expectProperties(page);
    });
  });

  it('is done by keyboard only', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await settled(page);
      await press(page, 'g', 's');
      await page.getByRole('heading', { name: 'Search' }).waitFor();
      await settled(page);
      await press(page, 's');
      await page.keyboard.type('type:event "Cache Hit"');
      await press(page, 'Enter');
      const count = await stage.server.number(
        'customEvents | where name == "Cache Hit" | count', 'P1D');
      await page.getByRole('status').filter({ hasText: `${count} items` }).waitFor();
      await settled(page);
      await tabTo(page, page.getByRole('grid', { name: 'Items, newest first' }));
      await press(page, 'j', 'j', 'k', 'Enter');
      await expectProperties(page);
      await press(page, 'Escape');
      await page.getByRole('complementary', { name: 'Item' }).waitFor({ state: 'detached' });
      await press(page, 'Enter');
      await expectProperties(page);
      await press(page, 'Enter');
      await page.waitForURL(`**/item/${await newest()}`);
      await expectProperties(page);
      await page.goBack();
      await page.waitForURL(`**/search?*sel=${await newest()}*`);
    });
  });

  it('finds it by its id in the jump box', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, '/setup');
      await press(page, 'Control+k');
      await page.keyboard.type(await newest());
      await page.getByRole('option', { name: /Cache Hit/ }).waitFor();
      await press(page, 'Enter');
      await expectProperties(page);
    });
  });
});
