/** Logs: parameters of queries, limits that are told, plans, files, and where the focus goes. */

import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { settled } from '../support/browser';
import { Server } from '../support/server';
import { press, useStage } from '../support/stage';

const stage = useStage(() => Server.start(['--portal-rows-max', '100']));

function logs(kql: string, more = ''): string {
  return `/a/default/logs?q=${encodeURIComponent(kql)}&run=1${more}`;
}

/** Waits until the last run has ended. */
async function ran(page: Page, rows: string): Promise<void> {
  await page.getByRole('toolbar').getByText(new RegExp(`^${rows} rows? · `)).waitFor();
  await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
}

const declared = 'declare query_parameters(count:long = 2, word:string);\n'
  + 'range x from 1 to count step 1 | extend said = word';

describe('parameters', () => {
  it('are asked for, kept in the address and given to files', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, logs(declared, '&p.word=hello'));
      await ran(page, '2');
      const row = page.getByRole('group', { name: 'Parameters of the query' });
      expect(await row.getByLabel(/^word/).inputValue()).toBe('hello');
      expect(await row.getByLabel(/^count/).getAttribute('placeholder')).toBe('2');

      await row.getByLabel(/^count/).fill('3');
      await press(page, 'Enter');
      await ran(page, '3');
      await page.waitForURL(/p\.count=3/);
      await page.getByRole('gridcell', { name: 'hello' }).nth(2).waitFor();

      await page.getByRole('button', { name: 'Export', exact: true }).click();
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: 'CSV', exact: true }).click();
      const file = await coming;
      expect(file.suggestedFilename()).toMatch(/^declare-[\w-]+-20\d\d-[\dT-]+\.csv$/);
      const text = readFileSync(await file.path(), 'utf8');
      expect(text).toBe('x,said\r\n1,hello\r\n2,hello\r\n3,hello\r\n');

      await page.reload();
      await ran(page, '3');
      expect(await row.getByLabel(/^count/).inputValue()).toBe('3');
    });
  });

  it('that are wrong or missing are named', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, logs(declared, '&p.count=many'));
      const results = page.getByRole('region', { name: 'Results' });
      await results.getByText('The value given for count is not of type long').waitFor();
      await results.getByText('No value is given for the parameter word').waitFor();
      const row = page.getByRole('group', { name: 'Parameters of the query' });
      await row.getByText('the value given for count').waitFor();
      expect(await row.getByLabel(/^count/).getAttribute('aria-invalid')).toBe('true');
      await row.getByLabel(/^word/).fill('x');
      await row.getByLabel(/^count/).fill('1');
      await press(page, 'Enter');
      await ran(page, '1');
    }, { allowed: /status of 400/ });
  });
});

describe('what is not shown', () => {
  it('is told with both numbers', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, logs('range x from 1 to 1234 step 1'));
      await page.getByText('100 of 1,234 rows are shown').waitFor();
      await stage.paste(page, logs('print a = 1; print b = 2'));
      await page.getByText('The first of 2 results is shown').waitFor();
    });
  });

  it('is a picture: its rows are a table', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, logs('print a = 1\n| render plotly'));
      await page.getByText('“plotly” is not drawn here').waitFor();
      await page.getByRole('grid', { name: 'Rows of the result' }).waitFor();
    });
  });
});

describe('charts', () => {
  it('have their title, and columns of a list', async () => {
    await stage.play(async (page) => {
      const render = 'render linechart with (title="Two lines", ycolumns=a, b)';
      const kql = 'range x from 1 to 9 step 1 | extend a = x, b = x, c = x';
      await stage.paste(page, logs(`${kql}\n| ${render}`));
      await page.getByRole('img', { name: /^Two lines: 2 series, 18 points/ }).waitFor();
      await page.getByRole('heading', { name: 'Two lines' }).waitFor();
    });
  });

  it('change the line of the query, also when it was edited since', async () => {
    await stage.play(async (page) => {
      const kql = 'range x from 1 to 9 step 1 | extend y = x\n| render linechart';
      await stage.paste(page, logs(kql));
      await page.getByRole('img', { name: /9 points/ }).waitFor();
      await page.locator('.cm-content').click();
      await press(page, 'Control+Home', 'End');
      await page.keyboard.type(', z = 2');
      const kind = page.getByLabel('Chart options').getByRole('combobox').first();
      await kind.selectOption('columnchart');
      await page.waitForURL((url) => url.searchParams.get('q')
        === 'range x from 1 to 9 step 1 | extend y = x, z = 2\n| render columnchart');
    });
  });
});

/** Draws over the middle of the chart. */
async function brush(page: Page): Promise<void> {
  const chart = page.getByRole('img');
  await chart.locator('canvas').first().waitFor();
  const box = await chart.boundingBox();
  if (!box) throw new Error('no chart');
  await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 70, { steps: 3 });
  await page.mouse.up();
}

it('what is drawn over a chart zooms the page, or a query that sets its own time', async () => {
  await stage.play(async (page) => {
    const rows = 'range x from 1 to 48 step 1 | project timestamp = ago(x * 1h), x';
    await stage.paste(page, `${logs(`${rows}\n| render timechart`)}&t=P2D`);
    await page.getByRole('img', { name: /48 points/ }).waitFor();
    await brush(page);
    await page.waitForURL(/from=/);
    await ran(page, '48');
    await page.getByRole('img').dblclick({ position: { x: 200, y: 60 } });
    await page.waitForURL(/t=P2D/);

    const own = 'customEvents | where timestamp > ago(1h) | union (';
    await stage.paste(page, logs(`${own}${rows})\n| project timestamp, x\n| render timechart`));
    await page.getByRole('img', { name: /48 points/ }).waitFor();
    await brush(page);
    await page.waitForURL((url) => /x\n\| where timestamp between \(datetime\([^()]*\) \.\. /
      .test(url.searchParams.get('q') ?? ''));
    expect(page.url()).not.toMatch(/from=/);
  });
});

it('rows are found by what any of their cells has', async () => {
  await stage.play(async (page) => {
    const kql = 'range x from 1 to 50 step 1 | extend said = strcat("n", x % 7)';
    await stage.paste(page, logs(kql));
    await ran(page, '50');
    await page.getByRole('grid').focus();
    await press(page, 'Control+f');
    await page.keyboard.type('n6');
    await page.getByText('7 of 50 rows').waitFor();
    await press(page, 'Escape');
    await page.getByText('50 rows', { exact: true }).waitFor();
    const isInGrid = () => document.activeElement?.getAttribute('role') === 'grid';
    await page.waitForFunction(isInGrid);
    await page.getByRole('textbox', { name: 'Query' }).focus();
    await page.getByRole('gridcell', { name: 'n2' }).first().click();
    await page.waitForFunction(isInGrid);
  });
});

it('the plan is shown when it is wanted', async () => {
  await stage.play(async (page) => {
    await stage.paste(page, logs('customEvents | where name == "x" | count', '&tab=statistics'));
    await page.getByRole('button', { name: 'Show the plan' }).click();
    const plan = page.getByRole('region', { name: 'Plan' });
    await plan.getByRole('region', { name: 'physical plan' }).getByText(/\w+Exec/).waitFor();
    await plan.getByText('syntax tree').click();
    await plan.getByRole('region', { name: 'syntax tree' }).getByText('customEvents').waitFor();
  });
});

it('a query is closed at its tab, by the pointer and by Delete', async () => {
  await stage.play(async (page) => {
    await stage.paste(page, logs('print first = 1'));
    await ran(page, '1');
    const tabs = page.getByRole('tablist', { name: 'Open queries' }).getByRole('tab');
    await page.getByRole('button', { name: 'New query' }).click();
    await page.getByRole('button', { name: 'New query' }).click();
    expect(await tabs.count()).toBe(3);
    await page.getByTitle(/^Close .* \(Delete\)$/).last().click();
    expect(await tabs.count()).toBe(2);
    await tabs.last().focus();
    await press(page, 'Delete');
    expect(await tabs.count()).toBe(1);
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'tab');
    expect(await page.getByTitle(/\(Delete\)$/).count()).toBe(0);
    expect(await tabs.first().innerText()).toContain('print first');
  });
});

it('the focus goes to the name of what is saved, and back', async () => {
  await stage.play(async (page) => {
    await stage.paste(page, logs('print a = 1'));
    await ran(page, '1');
    const save = page.getByRole('toolbar').getByRole('button', { name: 'Save', exact: true });
    await save.focus();
    await press(page, 'Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('One row');
    await press(page, 'Enter');
    await page.getByText('Saved as one-row.kql').waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === 'Save');

    await page.getByRole('button', { name: 'History', exact: true }).click();
    await page.getByRole('button', { name: 'Run again: print a = 1' }).first().click();
    await ran(page, '1');
    await settled(page);
  });
});

describe('what could not be looked up is said', () => {
  const broken = {
    status: 500, json: { error: { code: 'internal', message: 'the disk is gone' } },
  };

  it('of values for a filter', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, '/a/default/metrics');
      await page.getByRole('button', { name: 'Add filter' }).first().click();
      await page.route(/api\/portal\/(batch|values)/, (route) => route.fulfill(broken));
      await page.getByLabel('Field', { exact: true }).fill('name');
      await press(page, 'Tab');
      await page.getByRole('alert').getByText('the disk is gone').first().waitFor();
    }, { allowed: /status of 500/ });
  });

  it('of hooks on Set-up', async () => {
    await stage.play(async (page) => {
      await page.route(/api\/hooks/, (route) => route.fulfill(broken));
      await stage.paste(page, '/setup');
      await page.getByRole('alert').getByText('the disk is gone').waitFor();
      await page.unrouteAll();
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('button', { name: 'Make a service hook' }).waitFor();
    }, { allowed: /status of 500/ });
  });
});
