/** S5: executions by task and in how many distinct projects, in the last six hours. */

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

const query = 'requests | where timestamp > ago(6h)'
  + ' | summarize Executions = sum(itemCount),'
  + ' Projects = dcount(tostring(customDimensions.projectId))'
  + ' by Task = tostring(customDimensions.taskName) | order by Executions desc, Task asc';

/** A row of each task with its two numbers. */
async function expectTasks(page: Page): Promise<void> {
  const rows = await stage.server.rows(query);
  expect(rows.length).toBe(2);
  await page.getByRole('status').filter({ hasText: /^2 rows/ }).waitFor();
  const grid = page.getByRole('grid', { name: 'Rows of the result' });
  const shown = [await cells(grid.getByRole('row').nth(1)),
    await cells(grid.getByRole('row').nth(2))];
  expect(shown.toSorted()).toEqual(rows.map((row) => row.map(String)).toSorted());
}

describe('S5', () => {
  it('is done by clicks', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await settled(page);
      await follow(page, 'Logs');
      const results = page.getByRole('region', { name: 'Results' });
      await results.getByRole('button', { name: 'Executions and projects by task' }).click();
      await page.getByRole('button', { name: 'Run' }).click();
      await expectTasks(page);
      expect(await page.getByText('Time is set in the query').count()).toBe(1);
    });
  });

  it('opens from a pasted address', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, `/a/default/logs?run=1&q=${encodeURIComponent(query)}`);
      await expectTasks(page);
    });
  });

  it('is done by keyboard only, with a mistake on the way', async () => {
    await stage.play(async (page) => {
      await page.goto(stage.server.url);
      await settled(page);
      await press(page, 'Control+k');
      await page.getByRole('combobox', { name: 'Search or jump' }).waitFor();
      await page.keyboard.type('logs');
      await press(page, 'Enter');
      const editor = page.getByRole('textbox', { name: 'Query' });
      await editor.waitFor();
      await tabTo(page, editor);
      await page.keyboard.type(query.replace('itemCount', 'itemCont'));
      await press(page, 'Shift+Enter');
      const alert = page.getByRole('alert').filter({ hasText: 'itemCont' });
      await alert.waitFor();
      await press(page, 'Control+m');
      await tabTo(page, alert.getByRole('button', { name: /^Change to/ }));
      await press(page, 'Enter', 'Shift+Enter');
      await expectTasks(page);
    }, { allowed: /status of 400/ });
  });

  it('goes into a file', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, `/a/default/logs?run=1&q=${encodeURIComponent(query)}`);
      await expectTasks(page);
      await page.getByRole('button', { name: 'Export' }).click();
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: /CSV/ }).click(),
      ]);
      const text = await (await file.createReadStream()).toArray();
      const lines = Buffer.concat(text).toString().trim().split('\r\n');
      const rows = await stage.server.rows(query);
      expect(lines).toEqual(['Task,Executions,Projects', ...rows.map((row) => row.join(','))]);
    });
  });
});
