/** Set-up: whether SDKs take the address, and a test call before a source is written. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settled } from '../support/browser';
import { startDevops, type BuildOf, type Devops } from '../support/devops';
import { Server } from '../support/server';
import { useStage } from '../support/stage';

const stage = useStage(() => Server.start(['--tls-listen', '127.0.0.1:0']));
let devops: Devops;

function build(id: number, definition: string): BuildOf {
  return {
    id, definition, number: `${id}`, branch: 'refs/heads/main', job: 'Job', task: 'Task',
    message: 'failed',
  };
}

beforeAll(async () => {
  devops = await startDevops([build(1, 'web-ci'), build(2, 'web-nightly')]);
});
afterAll(() => devops.stop());

it('tries address, projects and token, and writes them down', async () => {
  await stage.play(async (page) => {
    await page.goto(`${stage.server.url}/setup`);
    await settled(page);
    const step = page.getByRole('listitem').filter({ hasText: 'Collect your builds' }).first();
    const address = step.getByLabel('Address of the organisation or collection');
    const projects = step.getByLabel('Projects');
    const attempt = step.getByRole('button', { name: 'Try it' });

    await address.fill('http://tfs.example:8080/tfs/Main');
    await attempt.click();
    await step.getByText('a token is sent over HTTPS only').waitFor();

    await address.fill(devops.base);
    await projects.fill('wev');
    await step.getByLabel('Token, for this try alone').fill('a-token-of-this-story');
    await attempt.click();
    await step.getByText('There is no project `wev`: did you mean `web`?').waitFor();

    await projects.fill('web');
    await attempt.click();
    await step.getByText('It works: 2 pipelines of 1 project').waitFor();
    const lines = await step.locator('pre').first().textContent();
    expect(lines).toContain(`base = "${devops.base}"\nprojects = ["web"]\n`);
    expect(lines).not.toContain('a-token-of-this-story');

    await address.fill('http://127.0.0.1:1/exorg');
    await attempt.click();
    await step.getByText('`127.0.0.1:1` cannot be reached from this server').waitFor();
  }, { allowed: /status of 400/ });
});

it('says what senders need to take the certificate', async () => {
  await stage.play(async (page) => {
    await page.goto(`${stage.server.url}/setup`);
    await settled(page);
    const step = page.getByRole('listitem').filter({ hasText: 'connection string' }).first();
    await step.getByText('This server made the certificate: a sender takes it once it trusts').waitFor();
    await step.getByText('It is for 127.0.0.1, ::1, localhost').waitFor();
    expect(await step.locator('pre').nth(1).textContent())
      .toMatch(/^telltale tls show --url https:\/\/localhost:\d+ --out telltale\.pem\nexport NODE/);
  });
});

describe('a source whose token is not taken', () => {
  const folder = mkdtempSync(join(tmpdir(), 'telltale-source-'));
  const source = useStage(async () => {
    devops.refuses = true;
    const settings = join(folder, 'telltale.toml');
    writeFileSync(settings, `[[source]]\nname = "exorg"\nbase = "${devops.base}"\n`
      + 'projects = ["web"]\nanonymous = true\ntests = "off"\n');
    return Server.start(['--config', settings]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is not ticked, says why, and can be tried again', async () => {
    await source.play(async (page) => {
      await source.paste(page, '/setup');
      const step = page.getByRole('listitem').filter({ hasText: 'Collect your builds' }).first();
      await step.getByText('(status 401): check the token and its scopes').waitFor();
      expect(await step.getByRole('img', { name: 'Done' }).count()).toBe(0);

      await step.getByText('Try an address or a token').click();
      const address = step.getByLabel('Address of the organisation or collection');
      expect(await address.inputValue()).toBe(devops.base);
      expect(await step.getByLabel('Projects').inputValue()).toBe('web');
      await step.getByText('It is the source exorg of the settings').waitFor();
      devops.refuses = false;
      await step.getByRole('button', { name: 'Try it' }).click();
      await step.getByText('It works: 2 pipelines of 1 project').waitFor();

      await address.fill('https://dev.azure.com/other');
      await step.getByText('name = "other"').waitFor();
    });
  });
});
