/** Telemetry as a task sends it, by the unmodified SDK (npm `applicationinsights`). */

import appInsights from 'applicationinsights';
import type { Server } from './server';

export interface Sent {
  requests: number;
  failed: number;
  events: number;
}

const context = {
  collectionId: 'c0ffee00-1111-4222-8333-444455556666',
  projectId: 'f00dfeed-1111-4222-8333-444455556666',
  taskName: 'PublishArtifacts',
  taskKind: 'build',
};

/** Sends requests and events of a few tasks and waits until all were taken. */
export async function send(server: Server): Promise<Sent> {
  const client = new appInsights.TelemetryClient(server.ready.connectionString);
  client.config.disableAppInsights = false;
  client.commonProperties = context;
  const systems = ['Linux', 'Windows', 'macOS'];
  let failed = 0;
  for (let index = 0; index < 30; index += 1) {
    const success = index % 5 !== 0;
    if (!success) failed += 1;
    client.context.tags['ai.device.osVersion'] = systems[index % 3] ?? 'Linux';
    client.trackRequest({
      name: index % 2 === 0 ? 'PublishArtifacts' : 'RestorePackages',
      url: 'task://publish',
      duration: 100 + index * 10,
      resultCode: success ? '0' : '1',
      success,
      time: new Date(Date.now() - index * 60_000),
    });
    client.trackEvent({
      name: index % 3 === 0 ? 'Cache Hit' : 'Task Execution',
      time: new Date(Date.now() - index * 60_000),
      measurements: { bytes: index * 1000 },
    });
  }
  client.trackException({ exception: new TypeError('Cannot read the manifest') });
  await new Promise<void>((done) => client.flush({ callback: () => done() }));
  return { requests: 30, failed, events: 30 };
}
