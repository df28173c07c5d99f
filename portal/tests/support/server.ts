/** A `telltale` of a story: the built executable on a folder of its own and a free port. */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface Ready {
  url: string;
  appId: string;
  instrumentationKey: string;
  connectionString: string;
}

export class Server {
  readonly data: string;
  readonly ready: Ready;
  readonly #settings: string[];
  readonly #isOwn: boolean;
  #child: ChildProcess;

  private constructor(
    data: string, settings: string[], isOwn: boolean, child: ChildProcess, ready: Ready,
  ) {
    this.data = data;
    this.#settings = settings;
    this.#isOwn = isOwn;
    this.#child = child;
    this.ready = ready;
  }

  get url(): string {
    return this.ready.url;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Starts on a new empty folder, or on `data`, which is kept when it stops. */
  static async start(settings: string[] = [], data?: string): Promise<Server> {
    const folder = data ?? mkdtempSync(join(tmpdir(), 'telltale-portal-'));
    const { child, ready } = await run(folder, '127.0.0.1:0', settings);
    return new Server(folder, settings, data === undefined, child, ready);
  }

  async stop(): Promise<void> {
    await this.pause();
    if (this.#isOwn) rmSync(this.data, { recursive: true, force: true });
  }

  /** Ends the process and keeps its folder and address. */
  async pause(): Promise<void> {
    const ended = new Promise((done) => this.#child.once('exit', done));
    this.#child.kill('SIGTERM');
    await ended;
  }

  /** Starts it again at the same address. */
  async resume(): Promise<void> {
    this.#child = (await run(this.data, new URL(this.url).host, this.#settings)).child;
  }

  /** The rows of the first table of an answer of the Application Insights API. */
  async rows(kql: string, timespan?: string): Promise<unknown[][]> {
    const response = await fetch(`${this.url}/v1/apps/default/query`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: kql, timespan }),
    });
    const answer = (await response.json()) as { tables?: { rows: unknown[][] }[] };
    const rows = answer.tables?.[0]?.rows;
    if (!rows) throw new Error(`${kql}: ${JSON.stringify(answer)}`);
    return rows;
  }

  /** The only cell of an answer, as a number. */
  async number(kql: string, timespan?: string): Promise<number> {
    return Number((await this.rows(kql, timespan))[0]?.[0]);
  }
}

/** Starts the executable and waits until it is ready. */
async function run(
  folder: string, listen: string, settings: string[],
): Promise<{ child: ChildProcess; ready: Ready }> {
  const args = ['serve', '--data', folder, '--listen', listen, ...portalFiles(settings)];
  args.push(...settings);
  const child = spawn(executable(), args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout });
  const ready = await new Promise<Ready>((found, failed) => {
    child.once('exit', (code) => failed(new Error(`telltale ended with ${code}`)));
    lines.on('line', (line) => {
      const json = /^telltale ready (\{.*\})/.exec(line)?.[1];
      if (json) found(JSON.parse(json) as Ready);
    });
  });
  return { child, ready };
}

/** Files of a portal that is not built in, when `PORTAL_DIST` names their folder. */
function portalFiles(settings: string[]): string[] {
  const folder = process.env.PORTAL_DIST;
  return folder && !settings.includes('--portal') ? ['--portal', `files=${folder}`] : [];
}

/** The executable to be tried. */
export function executable(): string {
  return process.env.TELLTALE ?? resolve(import.meta.dirname, '../../../target/debug/telltale');
}

/** Runs a command of the executable to its end and gives what it printed. */
export function telltale(...args: string[]): string {
  const done = spawnSync(executable(), args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`telltale ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}
