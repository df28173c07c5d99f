/** Fields a metric can be filtered and split by. */

import type { Schema } from '../../lib/schema';
import type { Metric } from './catalogue';
import { firstAggregation, refusal, type ChartSpec } from './spec';

/** Columns that tell every row from every other, or hold all of it. */
const pointless = new Set([
  'timestamp', 'itemId', 'itemCount', 'customDimensions', 'customMeasurements', 'appId', 'iKey',
  '_ResourceId', 'details', 'id', 'operation_ParentId', 'itemType', 'valueStdDev',
]);

/** Those that are asked for first. */
const first = ['name', 'client_OS', 'cloud_RoleName', 'application_Version', 'resultCode',
  'success', 'type', 'severityLevel'];

/** Fields that are offered; any other can be typed. */
const OFFERED_MAX = 300;

/** Columns first, then keys by how often they were seen. */
export function fieldsOf(metric: Metric, schema: Schema | null): string[] {
  if (metric.fields) return metric.fields;
  const table = schema?.tables.find(({ name }) => name === metric.table);
  if (!table) return first;
  const columns = table.columns.map(({ name }) => name).filter((name) => !pointless.has(name));
  const start = first.filter((name) => columns.includes(name));
  const keys = table.keys.toSorted((a, b) => b.rows - a.rows)
    .map(({ column, key }) => `${column === 'customMeasurements' ? 'm' : 'd'}.${key}`);
  return [...start, ...columns.filter((name) => !start.includes(name)), ...keys]
    .slice(0, OFFERED_MAX);
}

/** The fields that all metrics of a chart have, in the order of the first one's. */
export function fieldsOfAll([first, ...more]: Metric[], schema: Schema | null): string[] {
  const others = more.map((metric) => new Set(fieldsOf(metric, schema)));
  return first ? fieldsOf(first, schema).filter((field) => others.every((all) => all.has(field)))
    : [];
}

/** What of a chart stays when it shows another metric: what the rows of that one have as well. */
export function carried(
  spec: ChartSpec, from: Metric | null, to: Metric, schema: Schema | null,
): Pick<ChartSpec, 'aggregation' | 'split' | 'filters'> {
  const has = from?.table === to.table && from.fields === to.fields ? () => true
    : (field: string) => fieldsOf(to, schema).includes(field);
  const { aggregation } = spec;
  const fits = from?.kind === to.kind && aggregation !== 'distinct'
    && refusal(to, aggregation) === null;
  return {
    aggregation: fits ? aggregation : firstAggregation(to),
    split: spec.split.filter(has),
    filters: spec.filters.filter(({ field }) => has(field)),
  };
}

/** Offered as buttons: the usual columns and the most frequent keys. */
export function favourites(fields: string[]): string[] {
  const tooMany = /(_Id|Id|_IP)$/;
  const columns = fields.filter((field) => !/^[dm]\./.test(field) && !tooMany.test(field));
  return [
    ...columns.slice(0, 6), ...fields.filter((field) => field.startsWith('d.')).slice(0, 8),
  ];
}
