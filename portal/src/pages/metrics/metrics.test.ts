import { describe, expect, it } from 'vitest';
import { counter, customMetric, known, measurement, metricOf, type Metric } from './catalogue';
import { carried, favourites, fieldsOf, fieldsOfAll } from './fields';
import {
  aggregate, binsOf, chartKql, deploymentsKql, factsKql, mixture, newestKql, renderOf, stepOf,
  titleOf, unitOf, unitsByColumn, valuesKql,
} from './kql';
import {
  aggregations, chartsOf, CHARTS_MAX, defaultSpec, firstAggregation, formatChart, parseChart,
  refusal, type ChartSpec,
} from './spec';

const day = { from: new Date('2026-11-28T16:00:00Z'), to: new Date('2026-11-29T16:00:00Z') };
const metric = (id: string): Metric => metricOf(id) as Metric;
const spec = (id: string, part: Partial<ChartSpec> = {}): ChartSpec =>
  ({ ...defaultSpec(id), ...part });
const kql = (id: string, part: Partial<ChartSpec> = {}): string =>
  chartKql(metric(id), spec(id, part), day);

describe('queries', () => {
  it('count what items stand for', () => {
    expect(kql('events')).toBe([
      'customEvents',
      '| summarize Value = sum(itemCount) by bin(timestamp, 5m)',
      '| order by timestamp asc',
      '| render timechart',
    ].join('\n'));
  });

  it('let the server find the largest series', () => {
    expect(kql('events', { split: ['name'], kind: 'column' })).toBe([
      'let Items = customEvents',
      '| extend Series = iff(isempty(coalesce(tostring(name), "")), "(empty)", '
        + 'coalesce(tostring(name), ""));',
      'let Largest = Items | summarize Value = sum(itemCount) by Series | top 10 by Value desc '
        + '| project Series;',
      'Items',
      '| extend Series = iff(Series in (Largest), Series, "Other")',
      '| summarize Value = sum(itemCount) by bin(timestamp, 5m), Series',
      '| order by timestamp asc',
      '| render columnchart with (kind=stacked)',
    ].join('\n'));
  });

  it('show several metrics as series of their own', () => {
    const more = [{ metric: 'requests.failed', aggregation: 'count' as const },
      { metric: 'ci.builds', aggregation: 'count' as const }];
    expect(kql('requests', { more })).toBe([
      'union',
      '  (requests',
      '  | summarize Value = todouble(sum(itemCount)) by timestamp = bin(timestamp, 5m)',
      '  | extend Series = "Requests"),',
      '  (requests',
      '  | where success == false',
      '  | summarize Value = todouble(sum(itemCount)) by timestamp = bin(timestamp, 5m)',
      '  | extend Series = "Failed requests"),',
      '  (TimelineBuilds',
      '  | where Status == "completed" and not(coalesce(IsDeleted, false))',
      '  | summarize Value = todouble(count()) by timestamp = bin(QueueTime, 5m)',
      '  | extend Series = "Builds")',
      '| order by timestamp asc',
      '| render timechart',
    ].join('\n'));
    const found = titleOf(metric('requests'), spec('requests', { more }));
    expect(found).toBe('Requests, Failed requests and Builds');
  });

  it('give each of two units an axis, and no third one', () => {
    const more = [{ metric: 'requests.duration', aggregation: 'p95' as const }];
    const mixed = spec('requests', { more });
    expect(mixture(mixed)).toBeNull();
    expect(chartKql(metric('requests'), mixed, day)).toBe([
      'union',
      '  (requests',
      '  | summarize Number = todouble(sum(itemCount)) by timestamp = bin(timestamp, 5m)',
      '  | extend Series = "Requests"),',
      '  (requests',
      '  | where isnotnull(duration)',
      '  | summarize Duration = todouble(percentilew(duration, itemCount, 95)) '
        + 'by timestamp = bin(timestamp, 5m)',
      '  | extend Series = "95th percentile of Request duration")',
      '| order by timestamp asc',
      '| render timechart with (ysplit=axes)',
    ].join('\n'));
    expect(unitsByColumn(mixed)).toEqual({ Number: 'none', Duration: 'ms' });
    expect(binsOf(mixed, day).fill).toEqual({ Number: 'zero', Duration: 'gap' });
    expect(unitsByColumn(spec('dependencies.duration', { more }))).toEqual({});
    const third = { metric: counter('Memory', 'Bytes').id, aggregation: 'avg' as const };
    expect(mixture(spec('requests', { more: [...more, third] }))).toContain('two axes');
  });

  it('split each of several metrics', () => {
    const more = [{ metric: 'events', aggregation: 'count' as const }];
    const both = spec('requests', { more, split: ['client_OS'], limit: 50 });
    const found = chartKql(metric('requests'), both, day);
    expect(found).toContain('let Items2 = customEvents\n');
    // 24 and the rest of each of both are 50.
    expect(found).toContain('let Largest1 = Items1 | summarize Value = todouble(sum(itemCount)) '
      + 'by Series | top 24 by Value desc | project Series;');
    expect(found).toContain('  | extend Series = iff(Series in (Largest2), Series, "Other")\n'
      + '  | summarize Value = todouble(sum(itemCount)) by timestamp = bin(timestamp, 15m), Series\n'
      + '  | extend Series = strcat("Events: ", Series))');
  });

  it('leave the rest out when told to, and take the smallest', () => {
    const found = kql('requests', { split: ['name'], hasOther: false, order: 'asc', limit: 3 });
    expect(found).toContain('| top 3 by Value asc');
    expect(found).toContain('| where Series in (Largest)');
    expect(found).not.toContain('Other');
  });

  it('split by two fields', () => {
    expect(kql('requests', { split: ['client_OS', 'd.taskName'] })).toContain(
      'strcat(coalesce(tostring(client_OS), ""), ", ", '
        + 'coalesce(tostring(customDimensions["taskName"]), ""))');
  });

  it('weigh values of sampled items', () => {
    const found = kql('requests.duration', { aggregation: 'p95' });
    expect(found).toContain('| where isnotnull(duration)');
    expect(found).toContain('Value = percentilew(duration, itemCount, 95)');
  });

  it('filter', () => {
    const found = kql('events', { filters: [
      { field: 'client_OS', op: 'starts', values: ['Linux'] },
      { field: 'd.taskName', op: 'in', values: ['publish', 'sign'] },
    ] });
    expect(found).toContain('| where tostring(client_OS) startswith "Linux"');
    expect(found).toContain(
      '| where tostring(customDimensions["taskName"]) in ("publish", "sign")');
  });

  it.each([
    ['requests', 'count', 'sum(itemCount)'],
    ['requests', 'distinct', 'count_distinct(tostring(user_Id))'],
    ['requests.duration', 'count', 'sum(itemCount)'],
    ['requests.duration', 'sum', 'sum(duration * itemCount)'],
    ['requests.duration', 'avg', 'sum(duration * itemCount) / sum(itemCount)'],
    ['requests.duration', 'min', 'min(duration)'],
    ['requests.duration', 'p50', 'percentilew(duration, itemCount, 50)'],
    ['metric:queue', 'count', 'sum(valueCount)'],
    ['metric:queue', 'sum', 'sum(valueSum)'],
    ['metric:queue', 'avg', 'sum(valueSum) / sum(valueCount)'],
    ['metric:queue', 'max', 'max(valueMax)'],
    ['counter:Memory:Available%20Bytes', 'avg', 'avg(value)'],
    ['counter:Memory:Available%20Bytes', 'p99', 'percentile(value, 99)'],
    ['ci.builds', 'count', 'count()'],
    ['ci.duration', 'p95', 'percentile(Duration / 1ms, 95)'],
  ] as const)('%s by %s is %s', (id, aggregation, expected) => {
    expect(aggregate(metric(id), aggregation, 'user_Id')).toBe(expected);
  });

  it('write hostile names as texts', () => {
    const name = 'a"] | take 1 //\n\\\u2028';
    const quoted = '"a\\"] | take 1 //\\n\\\\\\u2028"';
    for (const found of [
      chartKql(customMetric(name), spec(customMetric(name).id), day),
      chartKql(measurement('requests', name, name), defaultSpec('requests'), day),
      chartKql(counter(name, name), defaultSpec('requests'), day),
      kql('events', { split: [`d.${name}`] }),
      kql('events', { filters: [{ field: `m.${name}`, op: 'gt', values: [name] }] }),
      kql('events', { aggregation: 'distinct', distinct: `d.${name}` }),
      valuesKql(metric('events'), `d.${name}`),
      factsKql(metric('events'), spec('events', {
        filters: [{ field: `d.${name}`, op: 'eq', values: [name] }],
      })),
    ]) {
      expect(found).toContain(quoted);
      expect(found.replaceAll(quoted, '')).not.toContain('take 1');
    }
    expect(kql('events', { split: ['x; drop'] })).toContain('["x; drop"]');
  });

  it('ask for facts beside', () => {
    expect(factsKql(metric('metric:queue'), spec('metric:queue', {
      filters: [{ field: 'client_OS', op: 'exists', values: [] }],
    }))).toBe([
      'customMetrics', '| where name == "queue"',
      '| summarize Kept = countif((isnotempty(tostring(client_OS)))), '
        + 'Sent = sumif(1, (isnotempty(tostring(client_OS)))), All = sum(1), '
        + 'Values = max(valueCount)',
    ].join('\n'));
    expect(newestKql(metric('ci.failed'))).toContain('summarize Newest = max(QueueTime)');
    expect(deploymentsKql(day)).toContain('CompletedOn < datetime(2026-11-29T16:00:00.000Z)');
  });

  it('carry what the chart looks like', () => {
    expect(kql('requests', { kind: 'table' })).not.toContain('render');
    expect(kql('requests.duration', { kind: 'area', isLog: true, min: 1, max: 5 }))
      .toContain('| render areachart with (kind=unstacked, yaxis=log, ymin=1, ymax=5)');
    expect(renderOf(spec('requests', { kind: 'scatter' })).kind).toBe('scatterchart');
  });
});

describe('steps', () => {
  it.each([
    ['auto', [], 10, '5m'], ['1h', [], 10, '1h'], ['auto', ['name'], 10, '5m'],
    // 51 series have room for 194 bins in an answer of 10,000 rows.
    ['auto', ['name'], 50, '15m'], ['x', [], 10, '5m'],
  ])('%s split by %o into %d is %s', (grain, split, limit, expected) => {
    expect(stepOf(spec('requests', { grain, split, limit }), day).kql).toBe(expected);
  });

  it.each([
    ['count', 'zero'], ['sum', 'zero'], ['distinct', 'zero'], ['avg', 'gap'], ['p95', 'gap'],
    ['min', 'gap'],
  ] as const)('without rows are for %s a %s', (aggregation, fill) => {
    expect(binsOf(spec('requests.duration', { aggregation }), day).fill).toBe(fill);
  });
});

describe('metrics', () => {
  it('have ids of their own', () => {
    expect(new Set(known.map(({ id }) => id)).size).toBe(known.length);
    for (const { id } of known) expect(metricOf(id)?.id).toBe(id);
  });

  it.each([
    customMetric('a:b%/c').id, measurement('customEvents', 'x:y', 'z ms').id,
    counter('Process', '% Processor Time').id,
  ])('%s is found again', (id) => {
    expect(metricOf(id)?.id).toBe(id);
  });

  it.each(['', 'nope', 'metric:', 'metric:a:b', 'measurement:users:a:b', 'measurement:requests:a',
    'counter:a', 'metric:%E0%A4%A', '__proto__', 'toString'])('“%s” is none', (id) => {
    expect(metricOf(id)).toBeNull();
  });

  it('have units', () => {
    expect(unitOf(metric('requests.duration'), 'p95')).toBe('ms');
    expect(unitOf(metric('requests.duration'), 'count')).toBe('none');
    expect(unitOf(counter('Memory', 'Available Bytes'), 'avg')).toBe('bytes');
  });

  it('refuse what does not fit, with the reason', () => {
    for (const { id } of aggregations) {
      expect(refusal(metric('requests.duration'), id)).toBeNull();
    }
    expect(refusal(metric('requests'), 'p95')).toMatch(/have no value/);
    expect(refusal(metric('metric:queue'), 'p95')).toMatch(/Percentiles need single values/);
    expect(refusal(metric('metric:queue'), 'avg')).toBeNull();
    expect(refusal(customMetric('queue', false), 'p95')).toBeNull();
    for (const found of known) expect(refusal(found, firstAggregation(found))).toBeNull();
  });

  it('are told in words', () => {
    expect(titleOf(metric('events'), spec('events', { split: ['name', 'd.os'] })))
      .toBe('Events by name and os');
    expect(titleOf(metric('requests.duration'), spec('requests.duration', { aggregation: 'p95' })))
      .toBe('95th percentile of Request duration');
    expect(titleOf(metric('events'),
      spec('events', { aggregation: 'distinct', distinct: 'd.projectId' })))
      .toBe('Distinct projectId of Events');
  });
});

describe('addresses', () => {
  const examples: Partial<ChartSpec>[] = [
    {}, { split: ['name'], kind: 'area', grain: '1h' }, { limit: 3, order: 'asc', hasOther: false },
    { filters: [{ field: 'd.a:b', op: 'in', values: ['x,y', '%'] }] },
    { min: 0, max: null, isLog: true, hidden: ['a'] },
    { aggregation: 'distinct', distinct: 'name' },
    { more: [{ metric: 'requests.failed', aggregation: 'count' }], split: ['name'] },
    { rest: { later: [1, { deep: true }] } },
  ];
  it.each(examples)('keep %o', (part) => {
    const made = spec('requests', part);
    expect(parseChart(formatChart(made))).toEqual({ spec: made, problems: [] });
  });

  it('read the example of the grammar', () => {
    const { spec: found, problems } = parseChart(
      '{"m":"events","a":"count","s":["name"],"f":["client_OS:eq:Linux"],"k":"line","g":"auto"}');
    expect(problems).toEqual([]);
    expect(found).toMatchObject({
      metric: 'events', aggregation: 'count', split: ['name'], kind: 'line', grain: 'auto',
      filters: [{ field: 'client_OS', op: 'eq', values: ['Linux'] }],
    });
  });

  it.each([
    ['', /not JSON/], ['{"m":', /not JSON/], ['[1]', /not an object/], ['null', /not an object/],
    ['{"m":"x"}', /no metric “x”/], ['{"a":"median"}', /no aggregation “median”/],
    ['{"k":"pie"}', /no kind of chart “pie”/], ['{"g":"2h"}', /no grain “2h”/],
    ['{"o":1}', /no order “1”/], ['{"n":51}', /between 1 and 50/], ['{"n":0.5}', /between 1 and/],
    ['{"y":[5,1]}', /lower end/], ['{"f":["nonsense"]}', /“nonsense” is not a filter/],
    ['{"s":["a","b","c"]}', /two fields/], ['{"p":[{"m":"x"}]}', /no metric “x”/],
    ['{"p":[{"m":"events","a":"distinct"}]}', /no aggregation “distinct”/],
    ['{"p":7}', /no metric “undefined”/], ['{"p":[1,2,3,4,5]}', /5 metrics at most/],
  ])('tell what is wrong in %s', (written, problem) => {
    const { spec: found, problems } = parseChart(written);
    expect(problems.join(' ')).toMatch(problem);
    expect(found.kind).toBe('line');
  });

  it('have a chart without any, and no more than a page has', () => {
    expect(chartsOf(new URLSearchParams())).toEqual([{ spec: defaultSpec(), problems: [] }]);
    const many = new URLSearchParams(Array.from({ length: 9 }, () => ['c', '{"m":"events"}']));
    const found = chartsOf(many);
    expect(found).toHaveLength(CHARTS_MAX);
    expect(found[CHARTS_MAX - 1]?.problems).toEqual(['The address has 9 charts; a page shows 6.']);
  });
});

describe('fields', () => {
  const column = (name: string) => ({ name, type: 'string', doc: '' });
  const schema = {
    functions: [], implemented: {
      functions: [], aggregates: [], operators: [], plugins: [], renders: [],
    },
    tables: [{
      name: 'customEvents', group: 'telemetry' as const, doc: '', timeColumn: 'timestamp',
      columns: ['timestamp', 'user_Id', 'client_OS', 'name', 'itemId'].map(column),
      keys: [
        { column: 'customDimensions', key: 'rare', rows: 1 },
        { column: 'customDimensions', key: 'taskName', rows: 9 },
        { column: 'customMeasurements', key: 'size', rows: 5 },
      ],
    }],
  };
  it('start with the usual ones and end with keys by frequency', () => {
    const found = fieldsOf(metric('events'), schema);
    expect(found).toEqual(['name', 'client_OS', 'user_Id', 'd.taskName', 'm.size', 'd.rare']);
    expect(favourites(found)).toEqual(['name', 'client_OS', 'd.taskName', 'd.rare']);
  });
  it('of several metrics are those that all have', () => {
    expect(fieldsOfAll([metric('events'), metric('requests')], schema))
      .toEqual(['name', 'client_OS']);
    expect(fieldsOfAll([metric('events'), metric('ci.builds')], schema)).toEqual([]);
  });
  it('of a chart stay when another metric has them', () => {
    const from = metric('requests');
    const filters = [{ field: 'name', op: 'eq' as const, values: ['a'] },
      { field: 'd.other', op: 'eq' as const, values: ['b'] }];
    const spec = { ...defaultSpec('requests'), split: ['client_OS', 'd.other'], filters };
    const kept = (id: string) => carried(spec, from, metric(id), schema);
    expect(kept('requests.duration')).toEqual({ aggregation: 'avg', split: spec.split, filters });
    expect(kept('events'))
      .toEqual({ aggregation: 'count', split: ['client_OS'], filters: filters.slice(0, 1) });
    const p95 = { ...spec, aggregation: 'p95' as const };
    expect(carried(p95, metric('requests.duration'), metric('dependencies.duration'), schema)
      .aggregation).toBe('p95');
  });
  it('are those of pipelines where these are charted', () => {
    expect(fieldsOf(metric('ci.builds'), null)).toContain('Definition');
  });
});
