/** Telemetry as a task sends it, by the unmodified SDK (npm `applicationinsights`). */

import appInsights from 'applicationinsights';
import type { Server } from './server';

export interface Sent {
  requests: number;
  failed: number;
  events: number;
}

const collectionId = 'c0ffee00-1111-4222-8333-444455556666';
const projects = [
  'f00dfeed-1111-4222-8333-444455556666',
  'f00dfeed-2222-4222-8333-444455556666',
  'f00dfeed-3333-4222-8333-444455556666',
];

/** What the item `index` carries, as tasks attach it. */
export function properties(index: number): Record<string, string> {
  return {
    collectionId,
    projectId: projects[index % 3 === 0 ? 0 : index % projects.length] ?? '',
    taskName: index % 2 === 0 ? 'PublishArtifacts' : 'RestorePackages',
    taskKind: index % 5 === 0 ? 'release' : 'build',
  };
}

const systems = ['Linux', 'Windows', 'macOS'];

/** Sends requests and events of a few tasks and waits until all were taken. */
export async function send(server: Server): Promise<Sent> {
  const client = new appInsights.TelemetryClient(server.ready.connectionString);
  let failed = 0;
  for (let index = 0; index < 30; index += 1) {
    const success = index % 5 !== 0;
    if (!success) failed += 1;
    const time = new Date(Date.now() - index * 60_000);
    const attached = properties(index);
    client.context.tags['ai.device.osVersion'] = systems[index % systems.length] ?? '';
    client.trackRequest({
      name: attached.taskName ?? '',
      url: 'task://run',
      duration: 100 + index * 10,
      resultCode: success ? '0' : '1',
      success,
      time,
      properties: attached,
    });
    client.trackEvent({
      name: index % 3 === 1 ? 'Cache Hit' : 'Task Execution',
      time,
      properties: attached,
      measurements: { bytes: index * 1000 },
    });
  }
  client.trackException({ exception: new TypeError('Cannot read the manifest') });
  await new Promise<void>((done) => client.flush({ callback: () => done() }));
  return { requests: 30, failed, events: 30 };
}
