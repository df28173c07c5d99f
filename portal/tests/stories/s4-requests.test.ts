/** S4: requests newest first; executions per 5 minutes by operating system as a chart. */

import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { settled } from '../support/browser';
import { send } from '../support/sdk';
import { Server } from '../support/server';
import { cells, follow, press, tabTo, useStage } from '../support/stage';

const stage = useStage(async () => {
  const server = await Server.start();
  await send(server);
  return server;
});

const list = 'requests | order by timestamp desc | project timestamp, name, client_OS';
const chart = 'requests | summarize Executions = sum(itemCount)'
  + ' by bin(timestamp, 5m), client_OS | render timechart';

/** The rows of `list`, newest first, as the API gives them. */
async function expectList(page: Page): Promise<void> {
  const grid = page.getByRole('grid', { name: 'Rows of the result' });
  await grid.getByRole('gridcell').first().waitFor();
  await page.getByRole('status').filter({ hasText: /^30 rows/ }).waitFor();
  const rows = await stage.server.rows(`${list} | take 5`, 'P1D');
  for (const [index, [, name, system]] of rows.entries()) {
    const shown = await cells(grid.getByRole('row').nth(index + 1));
    expect(shown).toEqual([expect.any(String), name, system]);
  }
  const times = rows.map(([time]) => Date.parse(String(time)));
  expect(times).toEqual(times.toSorted((a, b) => b - a));
}

/** A chart of the three systems, with what its table says. */
async function expectChart(page: Page): Promise<void> {
  await page.getByRole('img', { name: /: 3 series, / }).waitFor();
  const keys = page.getByRole('list', { name: 'Series' }).getByRole('button');
  expect((await keys.allTextContents()).map((text) => text.trim()).toSorted())
    .toEqual(['Linux', 'Windows', 'macOS']);
  const most = await stage.server.number(
    'requests | summarize n = sum(itemCount) by bin(timestamp, 5m), client_OS'
      + ' | summarize max(n)', 'P1D');
  expect(await page.getByRole('img', { name: `highest ${most} at` }).count()).toBe(1);
}

describe('S4', () => {
  it('is done by clicks', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await settled(page);
      await follow(page, 'Logs');
      const results = page.getByRole('region', { name: 'Results' });
      await results.getByRole('button', { name: 'Newest requests' }).click();
      await page.getByRole('button', { name: 'Run' }).click();
      const grid = page.getByRole('grid', { name: 'Rows of the result' });
      await grid.getByRole('gridcell').first().waitFor();
      await page.getByRole('status').filter({ hasText: /^30 rows/ }).waitFor();

      await page.getByRole('button', { name: 'Saved', exact: true }).click();
      await page.getByRole('button', { name: /^Executions by operating system/ }).click();
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByRole('tab', { name: 'Chart' }).click();
      await expectChart(page);
    });
  });

  it('opens from a pasted address', async () => {
    await stage.play(async (page) => {
      const logs = '/a/default/logs?run=1&q=';
      await stage.paste(page, logs + encodeURIComponent(list));
      await expectList(page);
      await stage.paste(page, `${logs}${encodeURIComponent(chart)}&tab=chart`);
      await expectChart(page);
    });
  });

  it('shows and does not run a pasted query without being told', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, `/a/default/logs?q=${encodeURIComponent(list)}`);
      await page.getByText('Run a query to see its rows here').waitFor();
      const text = await page.getByRole('textbox', { name: 'Query' }).textContent();
      expect(text).toContain('order by timestamp desc');
    });
  });

  it('is done by keyboard only', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await settled(page);
      await press(page, 'g', 'l');
      const editor = page.getByRole('textbox', { name: 'Query' });
      await editor.waitFor();
      await tabTo(page, editor);
      await page.keyboard.type(list);
      await press(page, 'Shift+Enter');
      await expectList(page);

      await press(page, 'Control+a');
      await page.keyboard.type(chart);
      await press(page, 'Shift+Enter');
      // What is to be drawn shows as a chart at once.
      await expectChart(page);
      // Out of the editor, where Tab writes, to the tabs of the result and back.
      await press(page, 'Control+m');
      await tabTo(page, page.getByRole('tab', { name: 'Chart' }));
      await press(page, 'ArrowLeft');
      await page.getByRole('grid', { name: 'Rows of the result' }).waitFor();
      await press(page, 'ArrowRight');
      await expectChart(page);
    });
  });

  it('walks the rows by keys', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, `/a/default/logs?run=1&q=${encodeURIComponent(list)}`);
      await expectList(page);
      const grid = page.getByRole('grid', { name: 'Rows of the result' });
      await grid.focus();
      await press(page, 'ArrowDown', 'ArrowDown', 'Enter');
      const opened = grid.getByRole('rowheader', { expanded: true });
      expect(await opened.count()).toBe(1);
      await press(page, 'Enter', 'Control+End');
      await grid.getByRole('rowheader', { name: /30$/ }).waitFor();
    });
  });
});
