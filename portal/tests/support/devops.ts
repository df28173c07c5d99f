/** An Azure DevOps that answers with the builds it is given, for names no demonstration has. */

import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface BuildOf {
  id: number;
  number: string;
  definition: string;
  branch: string;
  /** Names of its job and task, and the message of its error; empty: no issue tells of it. */
  job: string;
  task: string;
  message: string;
  /** An error line of the log of its task; empty: the log cannot be had. */
  logged?: string;
}

const project = { id: randomUUID(), name: 'web', state: 'wellFormed' };

function times(id: number): { queueTime: string; startTime: string; finishTime: string } {
  const end = Date.now() - id * 60_000;
  const at = (seconds: number) => new Date(end - seconds * 1000).toISOString();
  return { queueTime: at(400), startTime: at(300), finishTime: at(0) };
}

function buildJson(build: BuildOf): object {
  return {
    id: build.id, buildNumber: build.number, status: 'completed', result: 'failed',
    ...times(build.id), lastChangedDate: times(build.id).finishTime,
    project, reason: 'individualCI',
    definition: { id: build.id, name: build.definition, path: '\\' },
    sourceBranch: build.branch, sourceVersion: 'cea383edb966e34321ee62216a478a08e296c31a',
    uri: `vstfs:///Build/Build/${build.id}`,
    repository: { id: build.definition, name: build.definition, type: 'GitHub' },
  };
}

function timelineJson(build: BuildOf): object {
  const { startTime, finishTime } = times(build.id);
  const common = {
    startTime, finishTime, state: 'completed', result: 'failed', attempt: 1, previousAttempts: [],
  };
  const job = randomUUID();
  const issues = build.message === '' ? []
    : [{ type: 'error', category: 'General', message: build.message, data: {} }];
  return {
    id: randomUUID(), changeId: 1,
    records: [
      { ...common, id: job, parentId: null, type: 'Job', name: build.job, order: 1,
        workerName: build.job },
      { ...common, id: randomUUID(), parentId: job, type: 'Task', name: build.task, order: 1,
        task: { id: randomUUID(), name: build.task, version: '1.0.0' }, errorCount: 1, issues,
        log: build.logged ? { id: LOG, type: 'Container' } : null },
    ],
  };
}

/** Those of the only project there is. */
function definitionsJson(path: string, builds: BuildOf[]): object | null {
  if (!path.includes(`/${project.name}/_apis/`)) return null;
  const value = builds.map((build) => ({ id: build.id, name: build.definition }));
  return { count: value.length, value };
}

/** Number of the only log of a build, and its lines. */
const LOG = 7;
const linesOf = (logged: string): string[] =>
  ['##[section]Starting', `##[error]${logged}`, '##[section]Finishing'];

function logJson(build: BuildOf): object | null {
  if (!build.logged) return null;
  const log = { id: LOG, type: 'Container', lineCount: linesOf(build.logged).length };
  return { count: 1, value: [log] };
}

export interface Devops {
  base: string;
  /** Whether it takes no token, as when that has ended. */
  refuses: boolean;
  stop: () => void;
}

/** Listens on a free port; the organisation is `exorg`, its only project `web`. */
export async function startDevops(builds: BuildOf[]): Promise<Devops> {
  const server: HttpServer = createServer((request, response) => {
    if (devops.refuses) {
      response.writeHead(401, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ message: 'TF400813: not authorized' }));
      return;
    }
    const path = request.url ?? '';
    const [, id, part] = /\/builds\/(\d+)\/(timeline|logs\/|logs)/i.exec(path) ?? [];
    const one = builds.find((build) => String(build.id) === id);
    if (one?.logged && part === 'logs/') {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      response.end(linesOf(one.logged).join('\n'));
      return;
    }
    const answer = one ? (part === 'logs' ? logJson(one) : timelineJson(one))
      : /\/build\/builds\?/i.test(path) ? { count: builds.length, value: builds.map(buildJson) }
        : /\/build\/definitions\?/i.test(path) ? definitionsJson(path, builds)
          : /\/projects\?/.test(path) ? { count: 1, value: [project] } : null;
    response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer ?? { message: `nothing at ${path}` }));
  });
  const devops: Devops = {
    base: '',
    refuses: false,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  devops.base = `http://127.0.0.1:${port}/exorg`;
  return devops;
}
