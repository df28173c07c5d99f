/**
 * What can be charted: which rows, which number of them, and what may be done with it.
 * A metric is named in addresses by its `id`; names inside of an id are percent-encoded.
 */

import type { Unit } from '../../chart/units';
import { name as kqlName, text } from '../../lib/kql';

/**
 * `rows`: only how many there are. `values`: a number of each row.
 * `aggregated`: sums of several values that the sender made, in the columns `valueSum` and so on.
 */
export type MetricKind = 'rows' | 'values' | 'aggregated';

export interface Metric {
  id: string;
  group: string;
  label: string;
  /** What the picker says behind the name. */
  hint?: string;
  table: string;
  /** Column of time that the range of the page applies to. */
  time: string;
  /** Operators after the table, each starting with `|`. */
  steps: string[];
  kind: MetricKind;
  /** The number of a row as an expression. */
  value: string;
  /** How many items a row stands for, as an expression; empty: one. */
  weight: string;
  unit: Unit;
  /** Columns of pipelines; telemetry has its columns and keys from the server. */
  fields?: string[];
}

function rowsOf(
  id: string,
  group: string,
  label: string,
  table: string,
  condition = '',
): Metric {
  return {
    id, group, label, table, time: 'timestamp', kind: 'rows', value: '', weight: 'itemCount',
    steps: condition === '' ? [] : [`| where ${condition}`], unit: 'none',
  };
}

function durationOf(id: string, group: string, label: string, table: string): Metric {
  return {
    ...rowsOf(id, group, label, table), kind: 'values', value: 'duration', unit: 'ms',
  };
}

const failed = 'success == false';

const telemetry: Metric[] = [
  rowsOf('requests', 'Requests', 'Requests', 'requests'),
  rowsOf('requests.failed', 'Requests', 'Failed requests', 'requests', failed),
  durationOf('requests.duration', 'Requests', 'Request duration', 'requests'),
  rowsOf('dependencies', 'Dependencies', 'Dependencies', 'dependencies'),
  rowsOf('dependencies.failed', 'Dependencies', 'Failed dependencies', 'dependencies', failed),
  durationOf('dependencies.duration', 'Dependencies', 'Dependency duration', 'dependencies'),
  rowsOf('events', 'Events', 'Events', 'customEvents'),
  rowsOf('exceptions', 'Exceptions', 'Exceptions', 'exceptions'),
  rowsOf('traces', 'Traces', 'Traces', 'traces'),
  rowsOf('traces.errors', 'Traces', 'Errors in traces', 'traces', 'severityLevel >= 3'),
  rowsOf('pageViews', 'Page views', 'Page views', 'pageViews'),
  durationOf('pageViews.duration', 'Page views', 'Page view duration', 'pageViews'),
  rowsOf('browserTimings', 'Page views', 'Browser timings', 'browserTimings'),
  {
    ...durationOf('browserTimings.duration', 'Page views', 'Page load time', 'browserTimings'),
    value: 'totalDuration',
  },
  rowsOf('availability', 'Availability', 'Availability results', 'availabilityResults'),
  rowsOf('availability.failed', 'Availability', 'Failed availability results',
    'availabilityResults', failed),
  durationOf('availability.duration', 'Availability', 'Availability duration',
    'availabilityResults'),
];

const buildFields = [
  'Definition', 'Project', 'Result', 'Reason', 'SourceBranch', 'TargetBranch', 'Repository',
  'PoolName', 'IsHosted', 'RequestedFor', 'Organization',
];

const ofBuilds = ['| where Status == "completed" and not(coalesce(IsDeleted, false))'];

function pipeline(part: Partial<Metric> & Pick<Metric, 'id' | 'label' | 'table' | 'time'>): Metric {
  return {
    group: 'CI', steps: [], kind: 'rows', value: '', weight: '', unit: 'none',
    fields: buildFields, ...part,
  };
}

const toBuild = '| lookup kind=inner (TimelineBuilds | project Organization, Project, BuildId, '
  + 'QueueTime, Definition, SourceBranch) on Organization, Project, BuildId';

const pipelines: Metric[] = [
  pipeline({
    id: 'ci.builds', label: 'Builds', table: 'TimelineBuilds', time: 'QueueTime', steps: ofBuilds,
    hint: 'completed, by the time they were queued',
  }),
  pipeline({
    id: 'ci.failed', label: 'Failed builds', table: 'TimelineBuilds', time: 'QueueTime',
    steps: [...ofBuilds, '| where Result == "failed"'],
  }),
  pipeline({
    id: 'ci.duration', label: 'Build duration', table: 'TimelineBuilds', time: 'QueueTime',
    steps: ofBuilds, kind: 'values', value: 'Duration / 1ms', unit: 'ms',
  }),
  pipeline({
    id: 'ci.queue', label: 'Queue wait', table: 'TimelineBuilds', time: 'QueueTime',
    steps: ofBuilds, kind: 'values', value: 'QueueDuration / 1ms', unit: 'ms',
    hint: 'between queued and started',
  }),
  pipeline({
    id: 'ci.tests.failed', label: 'Failed tests', table: 'TestResults', time: 'StartTime',
    steps: ['| where Outcome == "Failed"'],
    fields: ['TestName', 'TestStorage', 'Branch', 'IsPullRequest', 'Computer', 'Project'],
  }),
  pipeline({
    id: 'ci.issues', label: 'Issues', table: 'TimelineIssues', time: 'QueueTime',
    steps: [toBuild], hint: 'errors and warnings, by the time their build was queued',
    fields: ['Type', 'Category', 'Bucket', 'Definition', 'Project', 'SourceBranch', 'Code'],
  }),
  pipeline({
    id: 'ci.deployments', label: 'Deployments', table: 'ReleaseDeployments', time: 'QueuedOn',
    fields: ['DefinitionName', 'EnvironmentName', 'DeploymentStatus', 'OperationStatus', 'Reason',
      'Project'],
  }),
];

/** What applications send as numbers, all of it together. */
const numbers: Metric[] = [
  {
    ...rowsOf('customMetrics', 'Custom metrics', 'All custom metrics', 'customMetrics'),
    kind: 'aggregated', value: 'value', weight: '',
  },
  {
    ...rowsOf('performanceCounters', 'Performance counters', 'All performance counters',
      'performanceCounters'),
    kind: 'values', value: 'value', weight: '',
  },
];

/** Metrics that are there whatever was sent. */
export const known: Metric[] = [...telemetry, ...numbers, ...pipelines];

function encode(part: string): string {
  return encodeURIComponent(part);
}

/** A metric that an application sends by itself. */
export function customMetric(name: string, isAggregated = true): Metric {
  return {
    id: `metric:${encode(name)}`, group: 'Custom metrics', label: name, table: 'customMetrics',
    time: 'timestamp', steps: [`| where name == ${text(name)}`],
    kind: isAggregated ? 'aggregated' : 'values', value: 'value', weight: '', unit: 'none',
  };
}

/** A number that items called `name` carry as measurement `key`. */
export function measurement(table: string, name: string, key: string): Metric {
  return {
    id: `measurement:${table}:${encode(name)}:${encode(key)}`, group: 'Measurements',
    label: `${key} of ${name}`, table, time: 'timestamp',
    steps: [`| where name == ${text(name)}`], kind: 'values',
    value: `todouble(customMeasurements[${text(key)}])`, weight: 'itemCount',
    unit: /(ms|milliseconds|duration)$/i.test(key) ? 'ms' : 'none',
  };
}

/** A counter of a machine or process. */
export function counter(category: string, name: string): Metric {
  return {
    id: `counter:${encode(category)}:${encode(name)}`, group: 'Performance counters',
    label: `${category}: ${name}`, table: 'performanceCounters', time: 'timestamp',
    steps: [`| where category == ${text(category)} and counter == ${text(name)}`],
    kind: 'values', value: 'value', weight: '', unit: /bytes/i.test(name) ? 'bytes' : 'none',
  };
}

const measured = ['requests', 'dependencies', 'customEvents', 'pageViews', 'availabilityResults'];

/** The metric of an id; `null`: no such one. */
export function metricOf(id: string): Metric | null {
  const found = known.find((metric) => metric.id === id);
  if (found) return found;
  const [kind, ...parts] = id.split(':');
  const names: string[] = [];
  try {
    names.push(...parts.map(decodeURIComponent));
  } catch {
    return null;
  }
  const [first = '', second = '', third = ''] = names;
  if (kind === 'metric' && names.length === 1 && first) return customMetric(first);
  if (kind === 'counter' && names.length === 2 && second) return counter(first, second);
  if (kind === 'measurement' && names.length === 3 && third && measured.includes(first)) {
    return measurement(first, second, third);
  }
  return null;
}

/** Rows that are looked at for what measurements there are. */
const LOOKED_AT = 20_000;

/** What lists metrics that are named by what was sent. */
export const catalogueQueries = {
  metrics: 'customMetrics | summarize Rows = count(), Largest = max(valueCount) by name '
    + '| top 300 by Rows',
  counters: 'performanceCounters | summarize Rows = count() by category, counter | top 200 by Rows',
  measurements: `union withsource = Table ${measured.map((table) =>
    `(${table} | project name, customMeasurements)`).join(', ')}\n`
    + '| where isnotempty(customMeasurements)\n'
    + `| take ${LOOKED_AT}\n`
    + '| mv-expand Key = bag_keys(customMeasurements) to typeof(string)\n'
    + '| summarize Rows = count() by Table, name, Key | top 300 by Rows',
};

/** The table with the metric's own steps, as the start of a query. */
export function source(metric: Metric): string[] {
  return [kqlName(metric.table), ...metric.steps];
}
