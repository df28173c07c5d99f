/** What was cut, sampled, late or refused is told where it is looked at, with the numbers. */

import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { settled } from '../support/browser';
import { envelope, post, type Envelope } from '../support/envelopes';
import { Server, telltale } from '../support/server';
import { useStage } from '../support/stage';

const shopKey = '11111111-2222-3333-4444-555555555555';
const long = 'k'.repeat(150);
const later = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

/** One item whose value, key, name, message and tag are longer than what is kept. */
function tooLong(): Envelope[] {
  return [
    envelope('EventData', {
      name: `Long ${'n'.repeat(600)}`,
      properties: { log: 'l'.repeat(20_134), [`${long}more`]: 'v', whole: 'w'.repeat(8192) },
    }, { tags: { 'ai.user.id': 'u'.repeat(200), 'ai.user.userAgent': 'a'.repeat(3000) } }),
    envelope('ExceptionData', {
      exceptions: [{ typeName: 'TooLong', message: 'm'.repeat(40_000), stack: 'at a (b.js:1:1)' }],
    }),
  ];
}

const stage = useStage(async () => {
  const server = await Server.start();
  await post(server, tooLong());
  await post(server, [
    envelope('EventData', { name: 'Late' }, { time: later(7 * 60) }),
    envelope('EventData', { name: 'On time' }),
    envelope('EventData', { name: 'Sampled' }, { sampleRate: 10 }),
  ]);
  const bad = { ...envelope('EventData', { name: '' }), iKey: server.ready.instrumentationKey };
  await fetch(`${server.url}/v2/track`, { method: 'POST', body: JSON.stringify(bad) });
  telltale('apps', 'create', 'shop', '--instrumentation-key', shopKey, '--url', server.url);
  return server;
});

async function idOf(name: string): Promise<string> {
  const kql = `customEvents | where name startswith "${name}" | project itemId`;
  return String((await stage.server.rows(kql))[0]?.[0]);
}

/** The value beside a name on an item. */
function entry(page: Page, name: string | RegExp) {
  return page.locator('dl > div').filter({ has: page.getByRole('term').filter({ hasText: name }) });
}

describe('an item', () => {
  it('tells of each text that was cut how long it was', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, `/a/default/item/${await idOf('Long')}`);
      const mark = (kept: string, was: string) => `cut at ${kept} characters (was ${was})`;
      await page.getByText('5 texts were cut on arrival').waitFor();
      for (const [name, kept, was] of [
        ['log', '8,192', '20,134'], ['Name', '512', '605'], ['User', '128', '200'],
      ] as const) {
        expect(await entry(page, new RegExp(`^\\s*${name}\\s*$`)).textContent())
          .toContain(mark(kept, was));
      }
      expect(await entry(page, long).textContent()).toContain(`Name ${mark('150', '154')}`);
      // As long as its limit, but whole.
      expect(await entry(page, /^\s*whole\s*$/).textContent()).not.toContain('cut at');
      await page.getByText(/ai\.user\.userAgent.*which had 3,000 characters/).waitFor();
    });
  });

  it('tells it of exceptions', async () => {
    await stage.play(async (page) => {
      const [row] = await stage.server.rows('exceptions | project itemId');
      await stage.paste(page, `/a/default/item/${String(row?.[0])}`);
      await page.getByText('message cut at 32,768 characters (was 40,000)').waitFor();
    });
  });

  it('shows both times where they differ, in lists as well', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, '/a/default/search');
      const late = page.getByRole('row', { name: /Late/ });
      await late.getByRole('img', { name: /^Arrived .*, 7 h.* after its time$/ }).waitFor();
      const other = page.getByRole('row', { name: /On time/ });
      expect(await other.getByRole('img', { name: /Arrived/ }).count()).toBe(0);
      await late.click();
      await page.getByText(/Arrived .* after its time; its time is the sender’s/).waitFor();
    });
  });

  it('tells that it was sampled', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, `/a/default/item/${await idOf('Sampled')}`);
      await page.getByText('⚠ 1 in 10 kept by the sender').waitFor();
      await stage.paste(page, '/a/default/search');
      await page.getByRole('img', { name: 'Sampled: up to 1 in 10 kept by the sender' }).waitFor();
    });
  });
});

describe('Data health', () => {
  it('lists what was cut, sampled and rejected with an example each', async () => {
    await stage.play(async (page) => {
      await stage.paste(page, '/setup/data');
      const log = page.getByRole('row', { name: /customDimensions\.log/ });
      expect(await log.getByRole('cell').nth(3).textContent()).toBe('20,134');
      await page.getByText('Field \'name\' on type \'EventData\' is required').waitFor();
      await log.getByRole('link').click();
      await settled(page);
      await page.getByText('cut at 8,192 characters (was 20,134)').waitFor();
      await page.goBack();
      await settled(page);
      const sampled = page.locator('section', { hasText: 'Sampled by the sender' }).last();
      expect(await sampled.getByRole('cell').nth(2).textContent()).toBe('10');
    });
  });

  it('answers why an item is not here', async () => {
    const { instrumentationKey: iKey } = stage.server.ready;
    const json = (item: Partial<Envelope>, data: object = { name: 'e' }): string =>
      JSON.stringify({ ...envelope('EventData', { ...data }), iKey, ...item });
    const stored = await idOf('Long');
    const late = await idOf('Late');
    const future = 'ffffffff'.replace(/^./, '2') + stored.slice(8);
    const cases: [string, RegExp][] = [
      [stored, /It is here: a customEvent.*Cut on arrival: name, from 605 to 512 characters/],
      [stored.toUpperCase(), /It is here/],
      [`${stage.server.url}/a/default/item/${late}?t=P1D`, /It arrived 7 h.* after its time/],
      [future, /yet to come|no id that this server gives/],
      ['0af7651916cd43dd8448eb211c80319c', /no id that this server gives/],
      ['"; drop table requests // | take 1', /No stored item of this application has this id/],
      ['x'.repeat(5000), /too long for an id/],
      [json({}), /It would be taken\.\s*Nothing is wrong with it/],
      [json({}, { name: 'n'.repeat(600) }), /Cut on arrival: name, from 600 characters/],
      [json({ sampleRate: 5 }), /Its sender kept 1 in 20/],
      [json({ time: later(60 * 24 * 9) }), /refused \(400\): 103: .*older than the allowed/],
      [json({ iKey: 'nobody' }), /refused \(400\): Invalid instrumentation key/],
      [json({ iKey: shopKey }), /is that of “shop”: look for it there/],
      ['{"iKey": <img src=x onerror=alert(1)>', /refused \(400\)/],
      [`[${'['.repeat(3000)}`, /refused \(400\)/],
      ['[]', /There is no item in it/],
    ];
    await stage.play(async (page) => {
      await stage.paste(page, '/setup/data');
      const status = page.locator('form').getByRole('status');
      for (const [pasted, wanted] of cases) {
        await page.getByRole('textbox', { name: /^The id or address/ }).fill(pasted);
        await page.getByRole('button', { name: 'Tell me' }).click();
        const poll = { message: pasted.slice(0, 80), timeout: 20_000 };
        await expect.poll(() => status.textContent(), poll)
          .toMatch(wanted);
      }
    }, { allowed: /status of (400|206)/ });
  });
});
