/**
 * The chart grammar of addresses: `c` is JSON with short keys. Unknown keys are kept; unknown
 * values are told and the default is used.
 */

import { formatFilter, parseFilter, type Filter } from '../../lib/filters';
import { grains } from '../../lib/time';
import { metricOf, type Metric } from './catalogue';

export type Aggregation =
  | 'count' | 'sum' | 'avg' | 'min' | 'max' | 'p50' | 'p90' | 'p95' | 'p99' | 'distinct';

export const aggregations: { id: Aggregation; label: string }[] = [
  { id: 'count', label: 'Count' },
  { id: 'sum', label: 'Sum' },
  { id: 'avg', label: 'Average' },
  { id: 'min', label: 'Minimum' },
  { id: 'max', label: 'Maximum' },
  { id: 'p50', label: 'Median (p50)' },
  { id: 'p90', label: '90th percentile' },
  { id: 'p95', label: '95th percentile' },
  { id: 'p99', label: '99th percentile' },
  { id: 'distinct', label: 'Distinct count' },
];

export const chartKinds = [
  { id: 'line', label: 'Line' },
  { id: 'area', label: 'Area' },
  { id: 'column', label: 'Column' },
  { id: 'scatter', label: 'Scatter' },
  { id: 'table', label: 'Table' },
] as const;

export type ChartKind = (typeof chartKinds)[number]['id'];

/** A metric and the number that is taken of its rows. */
export interface Measured {
  /** Id of a metric. */
  metric: string;
  aggregation: Aggregation;
}

export interface ChartSpec extends Measured {
  /** Further metrics, each a series of its own. */
  more: Measured[];
  /** Field of a distinct count. */
  distinct: string;
  /** At most two fields. */
  split: string[];
  /** Series of each metric that get a line of their own. */
  limit: number;
  order: 'desc' | 'asc';
  /** Whether the rest is drawn as one series. */
  hasOther: boolean;
  filters: Filter[];
  kind: ChartKind;
  /** `auto` or a step as KQL writes it. */
  grain: string;
  min: number | null;
  max: number | null;
  isLog: boolean;
  /** Series that are switched off. */
  hidden: string[];
  /** Keys this version does not know. */
  rest: Record<string, unknown>;
}

export interface Parsed {
  spec: ChartSpec;
  /** What of it could not be understood, in sentences. */
  problems: string[];
}

export const LIMIT_MAX = 50;
/** Metrics of a chart. */
export const METRICS_MAX = 5;
/** Units of the metrics of a chart: each has an axis, one at the left and one at the right. */
export const UNITS_MAX = 2;
/** Charts of a page; each asks up to three queries, and a page at most 20. */
export const CHARTS_MAX = 6;

export function defaultSpec(metric = 'requests'): ChartSpec {
  const found = metricOf(metric);
  return {
    metric, aggregation: found ? firstAggregation(found) : 'count', more: [], distinct: '',
    split: [],
    limit: 10, order: 'desc', hasOther: true, filters: [], kind: 'line', grain: 'auto',
    min: null, max: null, isLog: false, hidden: [], rest: {},
  };
}

/** What is shown when a metric is chosen. */
export function firstAggregation(metric: Metric): Aggregation {
  return metric.kind === 'rows' ? 'count' : 'avg';
}

/** Why an aggregation does not fit; `null`: it fits. */
export function refusal(metric: Metric, aggregation: Aggregation): string | null {
  if (metric.kind === 'rows' && aggregation !== 'count' && aggregation !== 'distinct') {
    return `${metric.label} are counted; they have no value to take another aggregation of.`;
  }
  if (metric.kind !== 'aggregated') return null;
  if (aggregation.startsWith('p')) {
    return `Percentiles need single values, and ${metric.label} arrives as sums of several `
      + 'values, with their number, minimum and maximum only.';
  }
  return null;
}

const keys = new Set(['m', 'a', 'p', 'd', 's', 'n', 'o', 'x', 'f', 'k', 'g', 'y', 'l', 'h']);

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** The chart that a `c` describes; anything else is the default one with a problem. */
export function parseChart(written: string): Parsed {
  const problems: string[] = [];
  let given: Record<string, unknown> = {};
  try {
    const found: unknown = JSON.parse(written);
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) {
      given = found as Record<string, unknown>;
    } else problems.push('The chart of the address is not an object of JSON.');
  } catch {
    problems.push('The chart of the address is not JSON; it may have been cut.');
  }
  const metric = typeof given.m === 'string' ? given.m : 'requests';
  const found = metricOf(metric);
  if (!found) problems.push(`There is no metric “${metric}”.`);
  const spec: ChartSpec = {
    ...defaultSpec(metric),
    distinct: typeof given.d === 'string' ? given.d : '',
    split: texts(given.s).slice(0, 2),
    hasOther: given.x !== 0,
    isLog: given.l === 1,
    hidden: texts(given.h),
    rest: Object.fromEntries(Object.entries(given).filter(([key]) => !keys.has(key))),
  };
  if (texts(given.s).length > 2) problems.push('A chart is split by two fields at most.');
  readChoices(given, spec, problems);
  readMore(given.p, spec, problems);
  readNumbers(given, spec, problems);
  for (const filter of texts(given.f)) {
    const parsed = parseFilter(filter);
    if (parsed) spec.filters.push(parsed);
    else problems.push(`“${filter}” is not a filter.`);
  }
  return { spec, problems };
}

function readChoices(given: Record<string, unknown>, spec: ChartSpec, problems: string[]): void {
  const choose = (key: string, what: string, allowed: readonly string[]): string | null => {
    const value = given[key];
    if (value === undefined) return null;
    if (typeof value === 'string' && allowed.includes(value)) return value;
    problems.push(`There is no ${what} “${String(value)}”.`);
    return null;
  };
  const aggregation = choose('a', 'aggregation', aggregations.map(({ id }) => id));
  if (aggregation) spec.aggregation = aggregation as Aggregation;
  const kind = choose('k', 'kind of chart', chartKinds.map(({ id }) => id));
  if (kind) spec.kind = kind as ChartKind;
  const grain = choose('g', 'grain', ['auto', ...grains.map(({ kql }) => kql)]);
  if (grain) spec.grain = grain;
  const order = choose('o', 'order', ['desc', 'asc']);
  if (order) spec.order = order as 'desc' | 'asc';
}

function readMore(given: unknown, spec: ChartSpec, problems: string[]): void {
  if (given === undefined) return;
  const list = Array.isArray(given) ? given : [given];
  for (const one of list.slice(0, METRICS_MAX - 1)) {
    const { m, a } = (one ?? {}) as Record<string, unknown>;
    const metric = typeof m === 'string' ? metricOf(m) : null;
    const known = aggregations.find(({ id }) => id === a && id !== 'distinct');
    if (!metric) problems.push(`There is no metric “${String(m)}”.`);
    else if (a !== undefined && !known) problems.push(`There is no aggregation “${String(a)}”.`);
    else {
      spec.more.push({ metric: metric.id, aggregation: known?.id ?? firstAggregation(metric) });
    }
  }
  if (list.length >= METRICS_MAX) problems.push(`A chart has ${METRICS_MAX} metrics at most.`);
}

function readNumbers(given: Record<string, unknown>, spec: ChartSpec, problems: string[]): void {
  if (given.n !== undefined) {
    const limit = Number(given.n);
    if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) spec.limit = limit;
    else problems.push(`The limit of series lies between 1 and ${LIMIT_MAX}.`);
  }
  if (given.y === undefined) return;
  const [min, max] = Array.isArray(given.y) ? given.y : [];
  spec.min = typeof min === 'number' && Number.isFinite(min) ? min : null;
  spec.max = typeof max === 'number' && Number.isFinite(max) ? max : null;
  if (spec.min !== null && spec.max !== null && spec.min >= spec.max) {
    problems.push('The lower end of the y axis must lie below its upper end.');
    spec.min = null;
    spec.max = null;
  }
}

/** As it stands in an address: only what differs from the default. */
export function formatChart(spec: ChartSpec): string {
  const plain = defaultSpec(spec.metric);
  const short: Record<string, unknown> = { ...spec.rest, m: spec.metric, a: spec.aggregation };
  if (spec.more.length > 0) {
    short.p = spec.more.map(({ metric, aggregation }) => ({ m: metric, a: aggregation }));
  }
  if (spec.distinct !== '') short.d = spec.distinct;
  if (spec.split.length > 0) short.s = spec.split;
  if (spec.limit !== plain.limit) short.n = spec.limit;
  if (spec.order !== plain.order) short.o = spec.order;
  if (!spec.hasOther) short.x = 0;
  if (spec.filters.length > 0) short.f = spec.filters.map(formatFilter);
  if (spec.kind !== plain.kind) short.k = spec.kind;
  if (spec.grain !== plain.grain) short.g = spec.grain;
  if (spec.min !== null || spec.max !== null) short.y = [spec.min, spec.max];
  if (spec.isLog) short.l = 1;
  if (spec.hidden.length > 0) short.h = spec.hidden;
  return JSON.stringify(short);
}

/** All charts of an address; none is one of the default. */
export function chartsOf(query: URLSearchParams): Parsed[] {
  const written = query.getAll('c');
  if (written.length === 0) return [{ spec: defaultSpec(), problems: [] }];
  const charts = written.slice(0, CHARTS_MAX).map(parseChart);
  if (written.length > CHARTS_MAX) {
    charts[CHARTS_MAX - 1]?.problems.push(
      `The address has ${written.length} charts; a page shows ${CHARTS_MAX}.`);
  }
  return charts;
}
