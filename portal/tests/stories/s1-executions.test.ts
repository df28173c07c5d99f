/** S1: requests were sent; executions, failures and duration are seen at once. */

import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { settled } from '../support/browser';
import { send, type Sent } from '../support/sdk';
import { useStage } from '../support/stage';

const stage = useStage();
let sent: Sent;

/** What the three numbers and the tiles of requests say. */
async function expectNumbers(page: Page): Promise<void> {
  const main = page.getByRole('main');
  const { requests, failed } = sent;
  const numbers = await main.getByRole('definition').allTextContents();
  const texts = numbers.map((text) => text.trim());
  expect(texts).toContain(String(requests));
  expect(texts).toContain(`${(100 * failed) / requests} %`);
  expect(texts.join(' ')).toContain(`${failed} of ${requests}`);
  const p95 = await stage.server.number('requests | summarize percentile(duration, 95)', 'P1D');
  const tile = (name: string) => main.getByRole('region', { name, exact: true });
  expect(await tile('Failed requests').textContent()).toContain(String(failed));
  expect(await tile('Requests').textContent()).toContain(String(requests));
  expect(await tile('Duration').textContent()).toContain(`p95 ${p95} ms`);
}

describe('S1', () => {
  it('turns from Set-up to numbers by clicks', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await page.getByRole('heading', { name: 'Waiting for the first item' }).waitFor();
      sent = await send(stage.server);
      await page.getByRole('heading', { name: /^Received \d+ items$/ }).waitFor();
      await page.getByRole('link', { name: 'Open Overview' }).click();
      await settled(page);
      await expectNumbers(page);

      await page.getByRole('link', { name: 'Failed requests: open the page behind it' }).click();
      await settled(page);
      expect(new URL(page.url()).pathname).toBe('/a/default/search');
      const rows = page.getByRole('grid').getByRole('row', { name: /^Request/ });
      expect(await rows.count()).toBe(sent.failed);
    });
  });

  it('shows the query of a number', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await settled(page);
      await page.getByRole('button', { name: 'More for Executions' }).click();
      await page.getByRole('link', { name: 'Open in Logs' }).click();
      await settled(page);
      await page.getByRole('grid', { name: 'Rows of the result' }).waitFor();
      const query = await page.getByRole('textbox', { name: 'Query' }).textContent();
      expect(query).toContain('sum(itemCount)');
    });
  });

  it('opens from a pasted address', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, '/a/default/overview?t=PT4H');
      await expectNumbers(page);
      expect(await page.getByRole('button', { name: 'Last 4 hours' }).count()).toBe(1);
    });
  });
});
