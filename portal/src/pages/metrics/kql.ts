/** The queries of a chart: pure texts, so that every number can be asked again. */

import type { Bins, Fill } from '../../chart/model';
import { OTHER } from '../../chart/tokens';
import type { Unit } from '../../chart/units';
import { fieldKql, fieldLabel, filterKql, wheres } from '../../lib/filters';
import { lines, text } from '../../lib/kql';
import { grainOf, grains, type Range } from '../../lib/time';
import { metricOf, source, type Metric } from './catalogue';
import {
  aggregations, LIMIT_MAX, UNITS_MAX, type Aggregation, type ChartSpec, type Measured,
} from './spec';

/** Rows that the server answers to one of several queries. */
const ROWS_MAX = 10_000;
const POINTS = 300;

/** The step of the chart; `auto` also keeps all series together below the server's limit. */
export function stepOf(spec: ChartSpec, range: Range): { kql: string; ms: number } {
  const series = measuredOf(spec).length * (spec.split.length === 0 ? 1 : limitOf(spec) + 1);
  // The first and the last bin may be cut by the range.
  const points = Math.min(POINTS, Math.floor(ROWS_MAX / series) - 2);
  return grains.find(({ kql }) => kql === spec.grain) ?? grainOf(range, points);
}

/** The number of the rows of a bin. */
export function aggregate(metric: Metric, aggregation: Aggregation, distinct = ''): string {
  if (aggregation === 'distinct') return `count_distinct(${textOf(distinct)})`;
  if (metric.kind === 'aggregated') return aggregateSums(aggregation);
  if (aggregation === 'count') return metric.weight === '' ? 'count()' : `sum(${metric.weight})`;
  const { value, weight } = metric;
  switch (aggregation) {
    case 'sum': return weight === '' ? `sum(${value})` : `sum(${value} * ${weight})`;
    case 'avg':
      return weight === '' ? `avg(${value})` : `sum(${value} * ${weight}) / sum(${weight})`;
    case 'min': return `min(${value})`;
    case 'max': return `max(${value})`;
    default: {
      const percent = aggregation.slice(1);
      return weight === '' ? `percentile(${value}, ${percent})`
        : `percentilew(${value}, ${weight}, ${percent})`;
    }
  }
}

function aggregateSums(aggregation: Aggregation): string {
  switch (aggregation) {
    case 'count': return 'sum(valueCount)';
    case 'sum': return 'sum(valueSum)';
    case 'min': return 'min(valueMin)';
    case 'max': return 'max(valueMax)';
    default: return 'sum(valueSum) / sum(valueCount)';
  }
}

/** Whether values of several bins or series may be added. */
export function adds(aggregation: Aggregation): boolean {
  return aggregation === 'count' || aggregation === 'sum';
}

/** The unit of what is drawn. */
export function unitOf(metric: Metric, aggregation: Aggregation): Unit {
  return aggregation === 'count' || aggregation === 'distinct' ? 'none' : metric.unit;
}

/** All metrics of a chart. */
export function measuredOf(spec: ChartSpec): Measured[] {
  return [spec, ...spec.more];
}

/** Whether values of several bins of each of its metrics may be added. */
export function allAdd(spec: ChartSpec): boolean {
  return measuredOf(spec).every(({ aggregation }) => adds(aggregation));
}

/** Series of each of its metrics that get a line of their own: all together fit into a chart. */
function limitOf({ limit, more }: ChartSpec): number {
  return more.length === 0 ? limit : Math.min(limit, Math.floor(LIMIT_MAX / (more.length + 1)) - 1);
}

function unitAs({ metric, aggregation }: Measured): Unit {
  const found = metricOf(metric);
  return found ? unitOf(found, aggregation) : 'none';
}

/** The units of its metrics; each has an axis of its own. */
export function unitsOf(spec: ChartSpec): Unit[] {
  return [...new Set(measuredOf(spec).map(unitAs))];
}

/** Why its metrics cannot share a chart; `null`: they can. */
export function mixture(spec: ChartSpec): string | null {
  return unitsOf(spec).length <= UNITS_MAX ? null
    : 'A chart has two axes at most: give metrics of a third unit a chart of their own.';
}

/** Names of columns of values, and so of axes, where there are two. */
const columnNames: Record<Unit, string> = {
  none: 'Number', ms: 'Duration', bytes: 'Size', share: 'Share',
};

function columnOf(spec: ChartSpec, one: Measured): string {
  return unitsOf(spec).length > 1 ? columnNames[unitAs(one)] : 'Value';
}

/** Units by the names of columns of values, where there are two. */
export function unitsByColumn(spec: ChartSpec): Record<string, Unit> {
  const units = unitsOf(spec);
  return units.length > 1 ? Object.fromEntries(units.map((unit) => [columnNames[unit], unit])) : {};
}

/** A missing bin is zero where items are counted, and a gap where nothing was measured. */
export function binsOf(spec: ChartSpec, range: Range): Bins {
  const fillOf = (list: Measured[]): Fill => (list.every(({ aggregation }) =>
    adds(aggregation) || aggregation === 'distinct') ? 'zero' : 'gap');
  const all = measuredOf(spec);
  const fill = Object.entries(unitsByColumn(spec)).map(([column, unit]) =>
    [column, fillOf(all.filter((one) => unitAs(one) === unit))] as const);
  return {
    ms: stepOf(spec, range).ms,
    fill: fill.length > 0 ? Object.fromEntries(fill) : fillOf(all),
  };
}

/** The field as a text, in a distinct count. */
function textOf(field: string): string {
  const found = fieldKql(field);
  return found.startsWith('tostring(') ? found : `tostring(${found})`;
}

/** The field as the name of a series. */
function seriesOf(field: string): string {
  return `coalesce(${textOf(field)}, "")`;
}

function nameExpression(split: string[]): string {
  const [first = '', second] = split.map(seriesOf);
  const whole = second === undefined ? first : `strcat(${first}, ", ", ${second})`;
  return second === undefined ? `iff(isempty(${whole}), "(empty)", ${whole})` : whole;
}

/** The rows that are drawn, before they are put into bins. */
function items(metric: Metric, spec: ChartSpec, aggregation = spec.aggregation): string {
  const isMeasured = metric.kind === 'values' && aggregation !== 'distinct';
  return lines(
    ...source(metric),
    wheres(spec.filters),
    isMeasured && `| where isnotnull(${metric.value})`,
  );
}

const renders: Record<string, string> = {
  line: 'timechart', area: 'areachart', column: 'columnchart', scatter: 'scatterchart',
};

/** The `render` of a chart; none for a table. */
export function renderOf(spec: ChartSpec): { kind: string; properties: Record<string, string> } {
  const properties: Record<string, string> = {};
  if (spec.kind === 'area' || spec.kind === 'column') {
    properties.kind = adds(spec.aggregation) && spec.more.length === 0 ? 'stacked' : 'unstacked';
  }
  if (unitsOf(spec).length > 1) properties.ysplit = 'axes';
  if (spec.isLog) properties.yaxis = 'log';
  if (spec.min !== null) properties.ymin = String(spec.min);
  if (spec.max !== null) properties.ymax = String(spec.max);
  return { kind: renders[spec.kind] ?? 'timechart', properties };
}

function renderLine(spec: ChartSpec): string | null {
  if (spec.kind === 'table') return null;
  const { kind, properties } = renderOf(spec);
  const list = Object.entries(properties).map(([name, value]) => `${name}=${value}`);
  return `| render ${kind}${list.length > 0 ? ` with (${list.join(', ')})` : ''}`;
}

/** Rows with the name of their series, and the largest of these. */
interface Split {
  lets: string;
  /** Operators that leave the largest series, and others as one. */
  steps: string;
}

/** How rows are split; `place` tells the names of one metric from those of another. */
function splitOf(rows: string, value: string, spec: ChartSpec, place = ''): Split {
  const { hasOther, order } = spec;
  const isIn = `Series in (Largest${place})`;
  return {
    lets: lines(
      `let Items${place} = ${rows}`,
      `| extend Series = ${nameExpression(spec.split)};`,
      `let Largest${place} = Items${place} | summarize ${value} by Series `
        + `| top ${limitOf(spec)} by Value ${order} | project Series;`,
    ),
    steps: lines(
      `Items${place}`,
      hasOther ? `| extend Series = iff(${isIn}, Series, ${text(OTHER)})` : `| where ${isIn}`,
    ),
  };
}

/** One metric of several, as rows of its own series. */
function seriesKql(
  metric: Metric, spec: ChartSpec, one: Measured, range: Range, place: number,
): { lets: string; rows: string } {
  const value = `todouble(${aggregate(metric, one.aggregation, spec.distinct)})`;
  const words = wordsOf(metric, one, spec.distinct);
  const bin = `timestamp = bin(${metric.time}, ${stepOf(spec, range).kql})`;
  const from = items(metric, spec, one.aggregation);
  const split = spec.split.length === 0 ? null
    : splitOf(from, `Value = ${value}`, spec, String(place + 1));
  const rows = lines(
    split?.steps ?? from,
    `| summarize ${columnOf(spec, one)} = ${value} by ${bin}${split ? ', Series' : ''}`,
    `| extend Series = ${split ? `strcat(${text(`${words}: `)}, Series)` : text(words)}`,
  );
  return { lets: split?.lets ?? '', rows: `  (${rows.replaceAll('\n', '\n  ')})` };
}

/** The query of a chart. The time range is not in it: it goes with it. */
export function chartKql(metric: Metric, spec: ChartSpec, range: Range): string {
  if (spec.more.length > 0) {
    const all = measuredOf(spec).flatMap((one, place) => {
      const found = place === 0 ? metric : metricOf(one.metric);
      return found ? [seriesKql(found, spec, one, range, place)] : [];
    });
    return lines(
      ...all.map(({ lets }) => lets),
      `union\n${all.map(({ rows }) => rows).join(',\n')}`,
      '| order by timestamp asc',
      renderLine(spec),
    );
  }
  const bin = `bin(${metric.time}, ${stepOf(spec, range).kql})`;
  const value = `Value = ${aggregate(metric, spec.aggregation, spec.distinct)}`;
  const rows = items(metric, spec);
  const end = lines(`| order by ${metric.time} asc`, renderLine(spec));
  if (spec.split.length === 0) return lines(rows, `| summarize ${value} by ${bin}`, end);
  const { lets, steps } = splitOf(rows, value, spec);
  return lines(lets, steps, `| summarize ${value} by ${bin}, Series`, end);
}

/**
 * How many rows there are, what they stand for, how many without the filters, and how many values
 * a row holds at most.
 */
export function factsKql(metric: Metric, spec: ChartSpec): string {
  const weight = metric.weight === '' ? '1' : metric.weight;
  const condition = spec.filters.length === 0 ? 'true'
    : spec.filters.map(filterKql).map((found) => `(${found})`).join(' and ');
  const values = metric.kind === 'aggregated' ? 'max(valueCount)' : '1';
  return lines(
    ...source(metric),
    `| summarize Kept = countif(${condition}), Sent = sumif(${weight}, ${condition}), `
      + `All = sum(${weight}), Values = ${values}`,
  );
}

/** When the newest row of the metric was, whatever the range is. */
export function newestKql(metric: Metric): string {
  return lines(
    ...source(metric),
    `| where ${metric.time} > datetime(1970-01-01)`,
    `| summarize Newest = max(${metric.time})`,
  );
}

/** Values of a field with their counts, most frequent first. */
export function valuesKql(metric: Metric, field: string): string {
  const weight = metric.weight === '' ? 'count()' : `sum(${metric.weight})`;
  return lines(
    ...source(metric),
    `| summarize Count = ${weight} by Found = ${textOf(field)}`,
    '| where isnotempty(Found)',
    '| top 50 by Count',
  );
}

/** Deployments that ended in the range; the range of the request applies to when they began. */
export function deploymentsKql(range: Range): string {
  const from = range.from.toISOString();
  const to = range.to.toISOString();
  return lines(
    'ReleaseDeployments',
    '| where QueuedOn > datetime(1970-01-01)',
    `| where CompletedOn >= datetime(${from}) and CompletedOn < datetime(${to})`,
    '| project CompletedOn, ReleaseName, EnvironmentName, DeploymentStatus',
    '| top 200 by CompletedOn desc',
  );
}

/** What is taken of a metric, in words. */
function wordsOf(metric: Metric, { aggregation }: Measured, distinct: string): string {
  if (aggregation === 'distinct') return `Distinct ${fieldLabel(distinct)} of ${metric.label}`;
  if (aggregation === 'count' && metric.kind === 'rows') return metric.label;
  const known = aggregations.find(({ id }) => id === aggregation)?.label ?? '';
  return `${known} of ${metric.label}`;
}

/** What the chart shows, in words. */
export function titleOf(metric: Metric | null, spec: ChartSpec): string {
  if (!metric) return spec.metric;
  const all = measuredOf(spec).flatMap((one) => {
    const found = one === spec ? metric : metricOf(one.metric);
    return found ? [wordsOf(found, one, spec.distinct)] : [];
  });
  const what = new Intl.ListFormat('en-GB').format(all);
  const by = spec.split.map(fieldLabel).join(' and ');
  return by === '' ? what : `${what} by ${by}`;
}
