/** The numbers of pages equal KQL that is asked independently of them, sampled items included. */

import type { Locator, Page } from 'playwright-core';
import { describe, expect, inject, it } from 'vitest';
import { envelope, post, type Envelope } from '../support/envelopes';
import { Server } from '../support/server';
import { useStage } from '../support/stage';

/** A span of four hours that has ended, so that pages and queries look at the same items. */
const to = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000);
const from = new Date(to.getTime() - 4 * 3_600_000);
const span = `from=${from.toISOString()}&to=${to.toISOString()}`;
const timespan = `${from.toISOString()}/${to.toISOString()}`;

const systems = ['Linux', 'Windows', 'macOS'];

/** Requests, events and exceptions of which the sender kept one in four, or all. */
function items(): Envelope[] {
  return Array.from({ length: 200 }, (_, index) => {
    const other = {
      time: new Date(from.getTime() + index * 70_000).toISOString(),
      sampleRate: index % 3 === 0 ? 25 : 100,
      tags: { 'ai.device.osVersion': systems[index % 3] ?? '' },
    };
    const properties = { projectId: `project-${index % 7}`, taskName: `task-${index % 2}` };
    return [
      envelope('RequestData', {
        id: `request-${index}`, name: `task-${index % 2}`, success: index % 6 !== 0,
        duration: `00:00:${String(index % 60).padStart(2, '0')}.250`, responseCode: '0', properties,
      }, other),
      envelope('EventData', { name: `event-${index % 4}`, properties }, other),
      ...(index % 20 === 0 ? [envelope('ExceptionData', {
        exceptions: [{ typeName: `Error${index % 3}`, message: 'It failed' }], properties,
      }, other)] : []),
    ];
  }).flat();
}

/** As pages write whole numbers. */
function shown(value: unknown): string {
  return Number(value).toLocaleString('en-US');
}

function tile(page: Page, name: string): Locator {
  return page.getByRole('region', { name, exact: true });
}

/** The texts of the cells of a table, without its head. */
async function table(area: Locator): Promise<string[][]> {
  const rows = await area.getByRole('row').all();
  const texts = await Promise.all(rows.map((row) => row.getByRole('cell').allTextContents()));
  return texts.filter((cells) => cells.length > 0).map((row) => row.map((text) => text.trim()));
}

describe('sampled telemetry', () => {
  const stage = useStage(async () => {
    const server = await Server.start();
    await post(server, items());
    return server;
  });
  const number = (kql: string) => stage.server.number(kql, timespan);

  it('is counted as it was sent on Overview', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, `/a/default/overview?${span}`);
      const all = await number('requests | summarize sum(itemCount)');
      const kept = await number('requests | count');
      expect(all).toBeGreaterThan(kept);
      const failed = await number('requests | where success == "False" | summarize sum(itemCount)');
      const projects = await number(
        'requests | summarize dcount(tostring(customDimensions.projectId))');
      const main = await page.getByRole('main').textContent();
      expect(main).toContain(`${shown(failed)} of ${shown(all)}`);
      const numbers = await page.getByRole('definition').allTextContents();
      const texts = numbers.map((text) => text.trim());
      expect(texts).toContain(shown(all));
      expect(texts).toContain(shown(projects));
      expect(await tile(page, 'Requests').textContent()).toContain(shown(all));
      expect(await tile(page, 'Failed requests').textContent()).toContain(shown(failed));
      const events = await number('customEvents | summarize sum(itemCount)');
      expect(await tile(page, 'Events by name').textContent()).toContain(shown(events));
      const exceptions = await number('exceptions | summarize sum(itemCount)');
      expect(await tile(page, 'Exceptions by type').textContent()).toContain(shown(exceptions));
      for (const name of ['Requests', 'Failed requests', 'Events by name', 'Exceptions by type']) {
        await tile(page, name).getByText(/⚠ 1 in [\d.]+ kept/).waitFor();
      }

      const top = await stage.server.rows(
        'requests | summarize Count = sum(itemCount),'
          + ' Failed = sumif(itemCount, success == "False") by name'
          + ' | order by Count desc | take 5', timespan);
      const operations = await table(tile(page, 'Top operations'));
      expect(operations.map((row) => row.slice(0, 2)))
        .toEqual(top.map(([name, count]) => [name, shown(count)]));
      const shares = top.map(([, count, bad]) => (100 * Number(bad)) / Number(count));
      operations.forEach((row, index) => {
        const percent = Number(/([\d.]+) %/.exec(row[2] ?? '')?.[1]);
        expect(Math.abs(percent - (shares[index] ?? 0))).toBeLessThan(0.5);
      });
    });
  });

  it('is counted as it was sent on Metrics', async () => {
    const chart = (fields: object) => `c=${encodeURIComponent(JSON.stringify(fields))}`;
    await stage.play(async (page) => {
      for (const field of ['name', 'client_OS', 'd.projectId']) {
        const charts = chart({ m: 'events', a: 'count', s: [field] });
        await stage.paste(page, `/a/default/metrics?${span}&${charts}`);
        await page.getByText(/⚠ 1 in [\d.]+ kept by the sender/).waitFor();
        const column = field.startsWith('d.')
          ? `tostring(customDimensions.${field.slice(2)})` : field;
        const rows = await stage.server.rows(
          `customEvents | summarize Sum = sum(itemCount) by Series = ${column}`, timespan);
        const series = await table(page.getByRole('group', { name: 'Series' }));
        expect(series.map((row) => row.slice(0, 2)).toSorted())
          .toEqual(rows.map(([name, sum]) => [String(name), shown(sum)]).toSorted());
      }
      const failed = chart({ m: 'requests.failed', a: 'count' });
      await stage.paste(page, `/a/default/metrics?${span}&${failed}`);
      const [row] = await table(page.getByRole('group', { name: 'Series' }));
      expect(row?.[1]).toBe(shown(
        await number('requests | where success == "False" | summarize sum(itemCount)')));
    });
  });

  it('is counted as it was sent on Search', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, `/a/default/search?${span}`);
      const all = await number(
        'union requests, customEvents, exceptions | summarize sum(itemCount)');
      await page.getByRole('status').filter({ hasText: `${shown(all)} items` }).waitFor();
      await page.getByRole('img', { name: /^Sampled: up to 1 in 4/ }).waitFor();
      const failed = 'requests | where success == "False" | summarize sum(itemCount)';
      await stage.paste(page, `/a/default/search?${span}&type=request&f=success:eq:False`);
      const text = `${shown(await number(failed))} items`;
      await page.getByRole('status').filter({ hasText: text }).waitFor();
    });
  });

  it('says of one item how many it stands for', async () => {
    const [row] = await stage.server.rows(
      'requests | where itemCount == 4 | take 1 | project itemId', timespan);
    await stage.play(async (page) => {
      await stage.paste(page, `/a/default/item/${String(row?.[0])}`);
      await page.getByText('⚠ 1 in 4 kept by the sender').waitFor();
    });
  });
});

describe('pipelines', () => {
  const stage = useStage(() => Server.start([], inject('demo')));
  const end = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000);
  const start = new Date(end.getTime() - 14 * 86_400_000);
  const range = `from=${start.toISOString()}&to=${end.toISOString()}`;
  const builds = 'TimelineBuilds'
    + ` | where FinishTime >= datetime(${start.toISOString()})`
    + ` and FinishTime < datetime(${end.toISOString()})`
    + ' | where Status == "completed" and IsDeleted != true';

  it('have the pass rates that builds have', async () => {
    const rows = await stage.server.rows(
      `${builds} | where Result != "canceled" | summarize Builds = count(),`
        + ' Passed = countif(Result in ("succeeded", "partiallySucceeded")) by Definition'
        + ' | order by Definition asc');
    expect(rows.length).toBeGreaterThan(2);
    await stage.play(async (page) => {
      await stage.paste(page, `/ci?${range}`);
      for (const [definition, all, passed] of rows) {
        const name = String(definition).split('\\').at(-1) ?? '';
        const row = page.getByRole('row').filter({
          has: page.getByRole('link', { name, exact: true }),
        });
        // What the rate is of is told on focus, and to who only hears the page.
        const cell = row.getByRole('button', {
          name: new RegExp(`\\b${passed} of ${all} builds? passed, `),
        });
        const percent = /^\s*([\d.]+) %/.exec((await cell.textContent()) ?? '')?.[1];
        expect(Math.abs(Number(percent) - (100 * Number(passed)) / Number(all))).toBeLessThan(0.5);
      }
      const sum = (place: number) => rows.reduce((all, row) => all + Number(row[place]), 0);
      const figures = await page.getByRole('main').textContent();
      expect(figures).toContain(`${shown(sum(2))} of ${shown(sum(1))} builds`);
    });
  });

  it('lists as many builds as there are', async () => {
    const failed = await stage.server.number(`${builds} | where Result == "failed" | count`);
    await stage.play(async (page) => {
      await stage.paste(page, `/ci/builds?${range}&q=${encodeURIComponent('result:failed')}`);
      await page.getByRole('heading', { name: new RegExp(`^${failed} build`) }).waitFor();
    });
  });
});
