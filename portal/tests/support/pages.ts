/** Addresses of all pages on the demonstration data, for gates and pictures. */

import type { Server } from './server';

export interface PageAddress {
  name: string;
  path: string;
}

const charted = encodeURIComponent(
  'requests\n| summarize Executions = sum(itemCount) by bin(timestamp, 1h), client_OS\n'
    + '| render timechart',
);

/** A part of a path; where nothing is stored, one that leads to nothing. */
function part(value: unknown): string {
  return encodeURIComponent(String(value ?? 'none'));
}

/** Every page, with an item, operation, build and failure that are there. */
export async function allPages(server: Server): Promise<PageAddress[]> {
  const [item] = await server.rows('exceptions | top 1 by timestamp | project itemId', 'P30D');
  const [operation] = await server.rows(
    'dependencies | summarize n = count() by operation_Id | top 1 by n | project operation_Id',
    'P30D',
  );
  const [build] = await server.rows(
    'PrimaryErrors(ago(30d)) | top 1 by FinishTime'
      + ' | project Organization, Project, BuildId, Fingerprint, Definition',
    'P30D',
  );
  const [known] = await server.rows('KnownIssueCounts() | top 1 by Builds | project Id', 'P30D');
  const [organization, project, buildId, fingerprint, definition] = build ?? [];
  const [test] = await server.rows('TestStates | take 1 | project TestId');
  const a = '/a/default';
  return [
    { name: 'overview', path: `${a}/overview` },
    { name: 'metrics', path: `${a}/metrics` },
    { name: 'search', path: `${a}/search` },
    { name: 'search-item', path: `${a}/search?sel=${part(item?.[0])}&t=P30D` },
    { name: 'item', path: `${a}/item/${part(item?.[0])}` },
    { name: 'operation', path: `${a}/op/${part(operation?.[0])}` },
    { name: 'logs', path: `${a}/logs?q=${part('requests\n| take 500')}&run=1` },
    { name: 'logs-chart', path: `${a}/logs?q=${charted}&tab=chart&run=1&t=P7D` },
    { name: 'logs-error', path: `${a}/logs?q=${part('requests | where nam == 1')}&run=1` },
    { name: 'ci-health', path: '/ci?t=P30D' },
    {
      name: 'ci-pipeline',
      path: `/ci/pipelines/${part(organization)}/${part(project)}/${part(definition)}?t=P30D`,
    },
    { name: 'ci-builds', path: '/ci/builds?t=P30D' },
    { name: 'ci-build', path: `/ci/builds/${part(organization)}/${part(project)}/${part(buildId)}` },
    { name: 'ci-failures', path: '/ci/failures?t=P30D' },
    { name: 'ci-failure', path: `/ci/failures/${part(fingerprint)}?t=P30D` },
    { name: 'ci-known', path: '/ci/known' },
    { name: 'ci-known-issue', path: `/ci/known/${part(known?.[0])}?t=P30D` },
    { name: 'ci-tests', path: '/ci/tests?state=all' },
    { name: 'ci-test', path: `/ci/tests/${part(test?.[0])}?t=P30D` },
    { name: 'badges', path: '/ci/badges' },
    { name: 'hooks', path: '/ci/hooks' },
    { name: 'setup', path: '/setup' },
    { name: 'keys', path: '/setup/keys' },
    { name: 'data', path: '/setup/data' },
    { name: 'saved', path: '/setup/saved' },
    { name: 'sign-in', path: '/sign-in' },
    { name: 'missing', path: '/a/default/nothing-here' },
  ];
}
