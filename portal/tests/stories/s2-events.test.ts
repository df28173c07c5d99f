/** S2: events were sent; they are charted, split by their name, then by operating system. */

import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { settled } from '../support/browser';
import { send } from '../support/sdk';
import { follow, press, tabTo, useStage } from '../support/stage';
import { Server } from '../support/server';

const stage = useStage(async () => {
  const server = await Server.start();
  await send(server);
  return server;
});

/** The series of the chart with their sums, as the query gives them. */
async function expectSeries(page: Page, column: string): Promise<void> {
  const rows = await stage.server.rows(
    `customEvents | summarize Sum = sum(itemCount) by ${column} | order by Sum desc`, 'P1D');
  await page.getByRole('img', { name: new RegExp(`: ${rows.length} series`) }).waitFor();
  await settled(page);
  const series = page.getByRole('group', { name: 'Series' });
  for (const [name, sum] of rows) {
    const row = series.getByRole('row').filter({ hasText: String(name) });
    expect(await row.getByRole('cell').nth(1).textContent()).toBe(String(sum));
  }
  // The head of the table and one row for each.
  expect(await series.getByRole('row').count()).toBe(rows.length + 1);
}

function address(field: string): string {
  const chart = JSON.stringify({ m: 'events', a: 'count', s: [field] });
  return `/a/default/metrics?c=${encodeURIComponent(chart)}`;
}

describe('S2', () => {
  it('is done by clicks', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await settled(page);
      await follow(page, 'Metrics');
      await page.getByRole('button', { name: 'Metric Requests' }).click();
      await page.getByRole('searchbox', { name: 'Search metrics' }).fill('events');
      await page.getByRole('button', { name: 'Events', exact: true }).click();
      await page.getByRole('button', { name: 'Split by none' }).click();
      await page.getByRole('button', { name: 'name', exact: true }).click();
      await page.getByRole('button', { name: 'Done' }).click();
      await expectSeries(page, 'name');

      await page.getByRole('button', { name: 'Split by name' }).click();
      await page.getByRole('button', { name: 'name', exact: true }).click();
      await page.getByRole('button', { name: 'client_OS', exact: true }).click();
      await page.getByRole('button', { name: 'Done' }).click();
      await expectSeries(page, 'client_OS');
      expect(decodeURIComponent(page.url())).toContain('"s":["client_OS"]');

      await page.goBack();
      await page.goBack();
      await expectSeries(page, 'name');
    });
  });

  it('shows several metrics in one chart', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, '/a/default/metrics?c=%7B%22m%22:%22events%22%7D');
      await page.getByRole('button', { name: 'Add metric' }).click();
      await page.getByRole('button', { name: 'Requests', exact: true }).click();
      await page.getByRole('img', { name: /^Events and Requests: 2 series/ }).waitFor();
      await settled(page);
      const series = page.getByRole('group', { name: 'Series' });
      for (const [name, table] of [['Events', 'customEvents'], ['Requests', 'requests']]) {
        const sum = await stage.server.number(`${table} | summarize sum(itemCount)`, 'P1D');
        const row = series.getByRole('row').filter({ hasText: String(name) });
        expect(await row.getByRole('cell').nth(1).textContent()).toBe(String(sum));
      }
      await page.getByRole('button', { name: 'Add metric' }).click();
      await page.getByRole('button', { name: /^Request duration/ }).click();
      await page.getByRole('img', { name: /^Events, Requests and .*: 3 series/ }).waitFor();
      await settled(page);
      // Two units are there, and an axis for each: nothing of a third one is offered.
      await page.getByRole('button', { name: 'Add metric' }).click();
      await page.getByRole('button', { name: 'Exceptions', exact: true }).waitFor();
      expect(await page.getByRole('button', { name: /Bytes/ }).count()).toBe(0);
      await page.keyboard.press('Escape');
      const chart = page.getByRole('region', { name: /^Events, Requests and / });
      await chart.getByText('Query', { exact: true }).click();
      await chart.getByText('| render timechart with (ysplit=axes)').waitFor();
      await page.getByRole('button', { name: 'Remove Request duration' }).click();
      await page.getByRole('button', { name: 'Split by none' }).click();
      await page.getByRole('button', { name: 'client_OS', exact: true }).click();
      await page.getByRole('img', { name: /^Events and Requests by client_OS: / }).waitFor();
      await page.keyboard.press('Escape');
      await settled(page);
      const parts = series.getByRole('button', { name: /^(Events|Requests): / });
      expect(await parts.count()).toBeGreaterThan(2);
      await page.getByRole('button', { name: 'Remove Requests' }).click();
      await page.getByRole('img', { name: /^Events by client_OS: / }).waitFor();
    });
  });

  it('opens from a pasted address', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, address('name'));
      await expectSeries(page, 'name');
      await stage.paste(page, address('client_OS'));
      await expectSeries(page, 'client_OS');
    });
  });

  it('is done by keyboard only', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await settled(page);
      await press(page, 'g', 'm');
      await page.getByRole('heading', { name: 'Metrics', exact: true }).waitFor();
      await settled(page);
      await tabTo(page, page.getByRole('button', { name: 'Metric Requests' }));
      await press(page, 'Enter');
      await page.getByRole('searchbox', { name: 'Search metrics' }).waitFor();
      await page.keyboard.type('events');
      await page.getByRole('button', { name: 'Events', exact: true }).waitFor();
      await press(page, 'Enter');
      const split = page.getByRole('button', { name: 'Split by' });
      await page.getByRole('button', { name: 'Metric Events' }).waitFor();
      await tabTo(page, split);
      await press(page, 'Enter');
      await tabTo(page, page.getByRole('button', { name: 'name', exact: true }));
      await press(page, 'Space', 'Escape');
      await expectSeries(page, 'name');

      // The chart is read by its cursor, and as a table.
      await tabTo(page, page.getByRole('img', { name: /series/ }));
      await press(page, 'End', 'ArrowLeft', 't');
      await page.getByRole('main').getByRole('button', { name: 'Chart', exact: true }).waitFor();
      await press(page, 't');

      await press(page, 'Escape');
      await split.focus();
      await press(page, 'Enter');
      await tabTo(page, page.getByRole('button', { name: 'name', exact: true }));
      await press(page, 'Space');
      await tabTo(page, page.getByRole('button', { name: 'client_OS', exact: true }));
      await press(page, 'Space', 'Escape');
      await expectSeries(page, 'client_OS');
    });
  });
});
