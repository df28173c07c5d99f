import { describe, expect, it } from 'vitest';
import { emptyTable, type Cell, type Column, type Table } from '../lib/query';
import { parseTime } from '../lib/time';
import { rolesOf, toY } from './columns';
import { stops, tipAt } from './cursor';
import { aggregates } from './legend';
import { plan, type Series, type XyModel } from './model';
import { drawnOf, notesOf, optionOf, summary, type Options } from './option';
import { hash, looks, reserved, type Tokens } from './tokens';
import { spoken } from './tooltip';
import { stepsOf } from './units';

const tokens: Tokens = {
  text: 'text', textSoft: 'soft', line: 'line', lineStrong: 'strong', surface: 'surface',
  accent: 'accent', series: Array.from({ length: 10 }, (_, index) => `series${index + 1}`),
  other: 'other', pass: 'pass', fail: 'fail', partly: 'partly', canceled: 'canceled',
  flaky: 'flaky', running: 'running', font: 'sans-serif', fontSize: 11,
};

function table(columns: string, ...rows: Cell[][]): Table {
  const schema: Column[] = columns.split(' ').map((part) => {
    const [name = '', type = ''] = part.split(':');
    return { name, type };
  });
  return {
    ...emptyTable, schema, rows: rows.length,
    columns: schema.map((_, place) => rows.map((row) => row[place] ?? null)),
  };
}

const day = (hour: number): string => `2026-11-29T${String(hour).padStart(2, '0')}:00:00.0000000Z`;
const at = (hour: number): number => Date.UTC(2026, 10, 29, hour);
const render = (kind: string, properties: Record<string, string> = {}) => ({ kind, properties });

// The option is what the library takes; its parts are looked at without its types.
function draw(data: Table, kind: string, properties = {}, options: Partial<Options> = {}): any {
  const drawn = drawnOf(data, render(kind, properties), tokens, options);
  const option = drawn && optionOf(drawn, render(kind, properties), tokens, options);
  const notes = drawn && notesOf(drawn, render(kind, properties), options.hidden);
  return { ...drawn, option, notes };
}

const counts = table('timestamp:datetime client_OS:string n:long',
  [day(1), 'macOS', 1], [day(0), 'Windows', 3], [day(0), 'macOS', 2], [day(2), 'Windows', 5]);

describe('names below columns', () => {
  const named = (...names: string[]) =>
    draw(table('name:string n:long', ...names.map((name) => [name, 1])), 'columnchart', {},
      { width: 600, height: 300 }).option.xAxis[0].axisLabel;

  it('are turned where they are too long, and left out where there are too many', () => {
    expect(named('a', 'b')).toMatchObject({ interval: 0, width: 262 });
    expect(named('a', 'b').rotate).toBeUndefined();
    const long = Array.from({ length: 10 }, (_, index) => `GET /api/packages/${index}`);
    expect(named(...long)).toMatchObject({ interval: 0, rotate: 35, width: 120 });
    const many = Array.from({ length: 60 }, (_, index) => `GET /api/packages/${index}`);
    expect(named(...many).interval).toBeUndefined();
  });
});

describe('several columns', () => {
  const mixed = table('t:datetime of:string n:long took:timespan',
    [day(0), 'Requests', 7, null], [day(0), 'p95', null, '00:02:00'],
    [day(1), 'Requests', 9, null]);

  it('name a group alone that has values of one of them', () => {
    const { model, option } = draw(mixed, 'timechart', { ysplit: 'axes' });
    expect(model.series.map(({ name, unit }: Series) => [name, unit]))
      .toEqual([['Requests', 'none'], ['p95', 'ms']]);
    expect(option.series.map((found: { yAxisIndex: number }) => found.yAxisIndex)).toEqual([0, 1]);
  });

  it('have the steps, ends and units of their axes', () => {
    const { option } = draw(mixed, 'timechart', { ysplit: 'axes', ymin: '5' });
    const [left, right] = option.yAxis;
    expect(left).toMatchObject({ name: 'n', min: 5, minInterval: 1 });
    expect(right).toMatchObject({ name: 'took', position: 'right', interval: 30_000 });
    expect(right.min).toBeUndefined();
    expect(right.axisLabel.formatter(60_000)).toBe('1 min');
  });

  it('are filled each in its way', () => {
    const { model } = draw(mixed, 'timechart', {}, {
      bins: { ms: 3_600_000, fill: { n: 'zero', took: 'gap' } },
      range: { from: new Date(at(0)), to: new Date(at(3)) },
    });
    expect(model.series.map(({ y }: Series) => [...y]))
      .toEqual([[7, 9, 0], [120_000, NaN, NaN]]);
  });
});

it.each([
  '2026-11-29T23:59:59.9999999Z', '0001-01-01T00:00:00.0000000Z', '2026-11-29T07:08:09.0120000Z',
  '2026-11-29T07:08:09Z', '1969-12-31T23:59:59.1239999Z', 'x'.repeat(27) + 'Z',
])('the time %s is read as everywhere', (text) => {
  expect(toY(text, 'datetime')).toBe(parseTime(text)?.getTime() ?? NaN);
});

describe('kinds', () => {
  const cases: [string, Record<string, string>, string, string | undefined, boolean][] = [
    ['timechart', {}, 'line', undefined, false],
    ['linechart', {}, 'line', undefined, false],
    ['anomalychart', {}, 'line', undefined, false],
    ['areachart', {}, 'line', 'stack 0', true],
    ['areachart', { kind: 'unstacked' }, 'line', undefined, true],
    ['areachart', { kind: 'stacked100' }, 'line', 'stack 0', true],
    ['stackedareachart', {}, 'line', 'stack 0', true],
    ['columnchart', {}, 'bar', undefined, false],
    ['columnchart', { kind: 'stacked' }, 'bar', 'stack 0', false],
    ['columnchart', { kind: 'stacked100' }, 'bar', 'stack 0', false],
    ['barchart', {}, 'bar', undefined, false],
    ['barchart', { kind: 'stacked' }, 'bar', 'stack 0', false],
    ['scatterchart', {}, 'scatter', undefined, false],
  ];
  it.each(cases)('%s %o is drawn as %s', (kind, properties, type, stack, hasArea) => {
    const { option } = draw(counts, kind, properties);
    expect(option.series.map((series: { type: string }) => series.type)).toEqual([type, type]);
    expect(option.series[0].stack).toBe(stack);
    expect(option.series[0].areaStyle !== undefined).toBe(hasArea);
    expect(option.animation).toBe(false);
  });

  it.each([
    'table', 'plotly', '3Dchart', 'list', 'pivotchart', 'timepivot', 'graph', 'sankey', 'x',
  ])(
    '%s is shown as a table', (kind) => {
      expect(drawnOf(counts, render(kind), tokens)).toBeNull();
    });

  it.each(['timechart', 'columnchart', 'piechart', 'ladderchart', 'treemap', 'card'])(
    '%s of a result without columns is a table', (kind) => {
      expect(drawnOf(emptyTable, render(kind), tokens)).toBeNull();
    });

  it('is a table when nothing can be measured', () => {
    const texts = table('a:string b:string', ['x', 'y']);
    for (const kind of ['columnchart', 'linechart', 'piechart', 'treemap', 'timeline']) {
      expect(drawnOf(texts, render(kind), tokens), kind).toBeNull();
    }
  });
});

describe('roles of columns', () => {
  const schema = counts.schema;
  const cases: [string, Column[], string, Record<string, string>, object][] = [
    ['first time is x, first text the series', schema, 'timechart', {},
      { x: 0, axis: 'time', series: [1], y: [2] }],
    ['a time later on', [schema[1], schema[0], schema[2]] as Column[], 'timechart', {},
      { x: 1, axis: 'time', series: [0], y: [2] }],
    ['first column is x of bars', [schema[1], schema[2]] as Column[], 'columnchart', {},
      { x: 0, axis: 'category', series: [], y: [1] }],
    ['numbers as x of lines', table('a:long b:real').schema, 'linechart', {},
      { x: 0, axis: 'number', series: [], y: [1] }],
    ['series named', table('t:datetime a:string b:string n:long').schema, 'timechart',
      { series: 'a, b' }, { x: 0, series: [1, 2], y: [3] }],
    ['x and y named', table('t:datetime u:datetime n:long m:long').schema, 'timechart',
      { xcolumn: 'u', ycolumns: "['m']" }, { x: 1, y: [3], axis: 'time' }],
    ['unknown names count for nothing', schema, 'timechart', { xcolumn: 'no', ycolumns: 'no' },
      { x: 0, y: [2] }],
    ['anomalies are no values', table('t:datetime n:real flag:real').schema, 'anomalychart',
      { anomalycolumns: 'flag' }, { y: [1], anomalies: [2] }],
    ['booleans make series', table('t:datetime success:bool n:long').schema, 'timechart', {},
      { series: [1], y: [2] }],
  ];
  it.each(cases)('%s', (_, columns, kind, properties, expected) => {
    expect(rolesOf(columns, render(kind, properties))).toMatchObject(expected);
  });
});

describe('series', () => {
  it('are sorted by time and hold typed x, y pairs', () => {
    const { option } = draw(counts, 'timechart');
    expect(option.series.map((series: { name: string }) => series.name))
      .toEqual(['macOS', 'Windows']);
    expect(option.series[0].data).toBeInstanceOf(Float64Array);
    expect([...option.series[0].data]).toEqual([at(0), 2, at(1), 1]);
  });

  it('are a value column each without a text', () => {
    const { option } = draw(table('t:datetime p50:real p95:real', [day(0), 1, 2]), 'timechart');
    expect(option.series.map((series: { name: string }) => series.name)).toEqual(['p50', 'p95']);
  });

  it('are named by both when there are several value columns', () => {
    const two = table('t:datetime os:string a:long b:long', [day(0), 'x', 1, 2]);
    const { option } = draw(two, 'timechart');
    expect(option.series.map((series: { name: string }) => series.name)).toEqual(['x: a', 'x: b']);
  });

  it('join the values of several columns', () => {
    const two = table('t:datetime a:string b:string n:long', [day(0), 'x', null, 1]);
    const { option } = draw(two, 'timechart', { series: 'a,b' });
    expect(option.series[0].name).toBe('x, (empty)');
  });

  it('stand at the same places when stacked', () => {
    const { model } = draw(counts, 'areachart');
    const [mac, windows] = model.series;
    expect(mac.x).toBe(windows.x);
    expect([...mac.y]).toEqual([2, 1, NaN]);
    expect([...windows.y]).toEqual([3, NaN, 5]);
  });

  it('have no holes where others stand on them', () => {
    const { option } = draw(counts, 'areachart');
    const values = (index: number) => [1, 3, 5].map((at) => option.series[index].data[at]);
    expect(values(0)).toEqual([2, 1, 0]);
    expect(values(1)).toEqual([3, 0, 5]);
  });

  it('are shares of 100 with the counts kept', () => {
    const { option, model } = draw(counts, 'columnchart', { kind: 'stacked100' });
    expect(option.series[0].data[1]).toBe(40);
    expect(model.series[0].y[0]).toBe(2);
    expect(option.yAxis[0].max).toBe(100);
  });

  it('leave out what is switched off', () => {
    const { option, model } = draw(counts, 'timechart', {}, { hidden: new Set(['macOS']) });
    expect(option.series).toHaveLength(1);
    expect(model.series).toHaveLength(2);
  });

  it('are the 50 largest, with a note', () => {
    const rows = Array.from({ length: 60 }, (_, index) => [day(0), `s${index}`, index]);
    const { option, notes } = draw(table('t:datetime s:string n:long', ...rows), 'timechart');
    expect(option.series).toHaveLength(50);
    expect(option.series[0].name).toBe('s10');
    expect(notes).toEqual(['The 50 largest of 60 series are shown.']);
  });

  it('are thinned beyond 20,000 points', () => {
    const many = (count: number): Table => ({
      ...emptyTable, rows: count,
      schema: [{ name: 'x', type: 'long' }, { name: 'y', type: 'real' }],
      columns: [Array.from({ length: count }, (_, index) => index), new Array(count).fill(1)],
    });
    expect(draw(many(20_001), 'linechart').option.series[0].sampling).toBe('lttb');
    expect(draw(many(20_000), 'linechart').option.series[0].sampling).toBeUndefined();
    expect(draw(many(5001), 'scatterchart').option.series[0].large).toBe(true);
  });

  it('of make-series are spread', () => {
    const made = table('os:string timestamp:dynamic n:dynamic', ['x', [day(0), day(1)], [1, null]]);
    const { model } = draw(made, 'timechart');
    expect(model).toMatchObject({ axis: 'time', xName: 'timestamp' });
    expect([...model.series[0].x]).toEqual([at(0), at(1)]);
    expect([...model.series[0].y]).toEqual([1, NaN]);
  });

  it('are drawn as points where a value stands alone', () => {
    const lonely = draw(counts, 'timechart', {}, { bins: { ms: 3_600_000, fill: 'gap' } });
    const [mac, windows] = lonely.option.series;
    expect(mac.showSymbol).toBe(false);
    expect(windows.showSymbol).toBe(true);
    expect([0, 1, 2].map((dataIndex) => windows.symbolSize(null, { dataIndex })))
      .toEqual([5, 0, 5]);
  });
});

describe('cells', () => {
  const cases: [string, Cell, number][] = [
    ['long', '9223372036854775807', 9223372036854775807],
    ['decimal', '1.5', 1.5], ['real', 'NaN', NaN], ['real', 'Infinity', NaN], ['long', null, NaN],
    ['timespan', '1.00:00:01.5000000', 86_401_500],
  ];
  it.each(cases)('%s %s', (type, cell, expected) => {
    const { model } = draw(table(`t:datetime n:${type}`, [day(0), cell]), 'timechart');
    expect(model.series[0].y[0]).toBe(expected);
  });

  it('without a time are told', () => {
    const { notes } = draw(table('t:datetime n:long', [null, 1], [day(0), 1]), 'timechart');
    expect(notes).toEqual(['1 rows without a place on the x axis are not drawn.']);
  });
});

describe('bins', () => {
  const range = { from: new Date(at(0) + 1), to: new Date(at(4)) };
  const hour = 3_600_000;
  it('without rows are zero for counts', () => {
    const { model } = draw(counts, 'timechart', {}, { range, bins: { ms: hour, fill: 'zero' } });
    expect([...model.series[0].x]).toEqual([at(0), at(1), at(2), at(3)]);
    expect([...model.series[0].y]).toEqual([2, 1, 0, 0]);
  });

  it('without rows are gaps for averages', () => {
    const { model } = draw(counts, 'timechart', {}, { range, bins: { ms: hour, fill: 'gap' } });
    expect([...model.series[1].y]).toEqual([3, NaN, 5, NaN]);
  });

  it('keep to those of the data where these do not start at midnight', () => {
    const odd = table('t:datetime n:long', ['2026-11-29T01:30:00Z', 1]);
    const { model } = draw(odd, 'timechart', {}, { range, bins: { ms: hour, fill: 'zero' } });
    expect(model.series[0].x[0]).toBe(at(0) - hour / 2);
    expect([...model.series[0].y]).toEqual([0, 0, 1, 0, 0]);
  });

  it('are not made without end', () => {
    const far = { from: new Date(0), to: new Date(at(0)) };
    const { model } = draw(counts, 'timechart', {}, { range: far, bins: { ms: 1, fill: 'zero' } });
    expect(model.series[0].x).toHaveLength(3);
  });

  it('add up when asked', () => {
    const bins = { ms: hour, fill: 'zero' } as const;
    const { model } = draw(counts, 'timechart', { accumulate: 'true' }, { range, bins });
    expect([...model.series[1].y]).toEqual([3, 3, 8, 8]);
  });
});

describe('axes', () => {
  it('of time cover the range and name the zone', () => {
    const range = { from: new Date(at(-2)), to: new Date(at(9)) };
    const { option } = draw(counts, 'timechart', {}, { range, zone: 'local' });
    expect(option.xAxis[0]).toMatchObject({
      type: 'time', min: at(-2), max: at(9), name: 'local',
    });
    expect(option.useUTC).toBe(false);
    expect(draw(counts, 'timechart').option).toMatchObject({ useUTC: true });
  });

  it('take every colour from the tokens', () => {
    const { option } = draw(counts, 'timechart');
    expect(option.xAxis[0].axisLabel.color).toBe('soft');
    expect(option.yAxis[0].splitLine.lineStyle.color).toBe('line');
  });

  it('have titles, ends and a logarithm', () => {
    const { option, notes } = draw(
      table('t:datetime n:long', [day(0), 0], [day(1), 10]), 'timechart',
      { xtitle: 'When', ytitle: 'How many', ymin: '1', ymax: '100', yaxis: 'log' });
    expect(option.xAxis[0].name).toBe('When');
    expect(option.yAxis[0]).toMatchObject({ name: 'How many', min: 1, max: 100, type: 'log' });
    expect(notes[0]).toMatch(/^1 values of 0 or less/);
  });

  it.each([
    ['ms', 763_000, { interval: 300_000, max: 900_000 }],
    ['ms', 3000, {}],
    ['ms', 90 * 86_400_000, { interval: 20 * 86_400_000, max: 100 * 86_400_000 }],
    ['bytes', 5_000_000, { interval: 1_048_576, max: 5_242_880 }],
    ['share', 0.99, { interval: 0.25, max: 1 }],
    ['none', 763, {}],
    ['ms', 0, {}],
  ] as const)('of %s up to %d have steps %o', (unit, most, expected) => {
    expect(stepsOf(most, unit)).toEqual(expected);
  });

  it.each([
    ['only zeros', 0, { max: 1, interval: 1 }], ['something below', -3, {}],
  ])('of %s are told', (_what, least, expected) => {
    const { option } = draw(table('t:datetime n:long', [day(0), 0], [day(1), least]), 'timechart');
    const { max, interval } = option.yAxis[0];
    expect({ ...(max === undefined ? {} : { max, interval }) }).toEqual(expected);
  });

  it('lie down for bars', () => {
    const { option } = draw(table('os:string n:long', ['a', 1], ['b', null]), 'barchart');
    expect(option.yAxis[0]).toMatchObject({ type: 'category', data: ['a', 'b'], inverse: true });
    expect(option.series[0].data).toEqual([[1, 0], ['-', 1]]);
  });

  it.each([['axes', 1, 2], ['panels', 2, 2]])('split into %s', (ysplit, grids, axes) => {
    const two = table('t:datetime a:long b:long', [day(0), 1, 2]);
    const { option } = draw(two, 'timechart', { ysplit });
    expect(option.grid).toHaveLength(grids);
    expect(option.yAxis).toHaveLength(axes);
    expect(option.series[1].yAxisIndex).toBe(1);
  });

  it('carry markers and a threshold', () => {
    const markers = [{ at: new Date(at(1)), label: 'Release-1', kind: 'fail' as const }];
    const { option } = draw(counts, 'timechart', {}, { markers, threshold: 4 });
    expect(option.series[0].markLine.data).toMatchObject([
      { xAxis: at(1), name: 'Release-1', lineStyle: { color: 'fail' } }, { yAxis: 4 },
    ]);
    expect(option.series[1].markLine).toBeUndefined();
  });
});

describe('other kinds', () => {
  it('pie: 12 slices and the rest', () => {
    const rows = Array.from({ length: 15 }, (_, index) => [`s${index}`, index + 1]);
    const { option, model, notes } = draw(table('s:string n:long', ...rows), 'piechart');
    expect(option.series[0].data).toHaveLength(13);
    expect(model.slices[0]).toEqual({ name: 's14', value: 15 });
    expect(model.slices[12]).toEqual({ name: 'Other', value: 1 + 2 + 3 });
    expect(model.total).toBe(120);
    expect(notes).toEqual(['Other holds 3 more values.']);
  });

  it('card: every column of the first row', () => {
    const { option, model } = draw(table('a:long b:string', [1, 'x'], [2, 'y']), 'card');
    expect(option).toBeNull();
    expect(model.cards.map(({ value }: { value: Cell }) => value)).toEqual([1, 'x']);
  });

  it.each(['ladderchart', 'timeline'])('%s: last two columns are start and end', (kind) => {
    const { option, model, notes } = draw(table(
      'task:string queue:datetime start:datetime end:datetime',
      ['a', day(0), day(1), day(2)], ['b', day(0), day(2), day(3)], ['a', day(0), day(4), day(5)],
      ['c', day(0), day(5), day(1)]), kind);
    expect(model.rows).toEqual(['a', 'b']);
    expect(model.bars[2]).toEqual({ row: 0, from: at(4), to: at(5), name: 'a', group: '' });
    expect(option.series[0].type).toBe('custom');
    expect(notes).toEqual(['1 rows have no end after their start and are not shown.']);
  });

  it('treemap: a level for each text', () => {
    const { model, option } = draw(table(
      'project:string name:string n:long', ['p', 'a', 1], ['p', 'b', 2], ['q', 'a', 4]), 'treemap');
    expect(model.nodes[0]).toEqual({
      name: 'p', value: 3, children: [{ name: 'a', value: 1 }, { name: 'b', value: 2 }],
    });
    expect(option.series[0].type).toBe('treemap');
  });

  it('anomalies are marked on their line', () => {
    const { option } = draw(
      table('t:datetime n:real flag:real', [day(0), 1, 0], [day(1), 9, 1]), 'anomalychart',
      { anomalycolumns: 'flag' });
    expect(option.series).toHaveLength(1);
    expect(option.series[0].markPoint.data).toEqual([{ coord: [at(1), 9] }]);
  });
});

describe('names from data', () => {
  const hostile = `<img src=x onerror=alert(1)>\u202e${'x'.repeat(500)}`;
  it('are cut and made visible', () => {
    const { option } = draw(table('t:datetime s:string n:long', [day(0), hostile, 1]), 'timechart');
    expect(option.series[0].name.length).toBeLessThanOrEqual(121);
    expect(option.series[0].name).toContain('⟨202E⟩');
  });

  it('that are names of objects do no harm', () => {
    const { option } = draw(
      table('t:datetime s:string n:long', [day(0), '__proto__', 1], [day(0), 'constructor', 2]),
      'timechart');
    expect(option.series).toHaveLength(2);
  });
});

describe('looks', () => {
  it('are the same for a name whatever else is drawn', () => {
    const color = (names: string[]) => looks(names, tokens).get('macOS')?.color;
    expect(color(['macOS'])).toBe(tokens.series[hash('macOS') % 10]);
    const many = Array.from({ length: 49 }, (_, index) => `name ${index}`);
    for (const others of [[], ['zzz'], ['a', 'b'], many]) {
      expect(color(['macOS', ...others])).toBe(color(['macOS']));
    }
  });

  it('differ by dashes and patterns where colours are equal', () => {
    const names = Array.from({ length: 30 }, (_, index) => `name ${index}`);
    const found = [...looks(names, tokens).values()];
    expect(new Set(found.map(({ color }) => color)).size).toBeGreaterThan(5);
    expect(new Set(found.map(({ color, pattern }) => color + pattern)).size).toBe(30);
    expect(new Set(found.map(({ own }) => own)).size).toBe(30);
    const repeated = found.find(({ pattern }) => pattern === 1)?.color;
    const [first, second] = found.filter(({ color }) => color === repeated);
    expect([first?.dash, first?.pattern]).toEqual(['solid', 0]);
    expect([second?.dash, second?.pattern]).toEqual(['dashed', 1]);
  });

  it('keep a name plain or patterned while those of other colours come and go', () => {
    const own = looks(['macOS'], tokens).get('macOS');
    const names = Array.from({ length: 40 }, (_, index) => `name ${index}`)
      .filter((name) => hash(name) % 10 !== hash('macOS') % 10);
    expect(looks(['macOS', ...names], tokens).get('macOS')).toEqual(own);
  });

  it.each([
    [['Requests', 'Dependencies', 'Exceptions', 'Traces', 'Events', 'Page views', 'Availability']],
    [['Linux', 'Windows', 'macOS', 'Ubuntu']], [['linux', 'win32', 'darwin']],
    [['p50', 'p90', 'p95', 'p99']],
    [['Verbose', 'Information', 'Warning', 'Error', 'Critical']],
    [['manual', 'individualCI', 'schedule', 'pullRequest']],
  ])('of %j are colours of their own', (names) => {
    const found = [...looks(names, tokens).values()];
    expect(new Set(found.map(({ color }) => color)).size).toBe(names.length);
  });

  it('of points differ by shape, of lines by dashes', () => {
    const rows = Array.from({ length: 40 }, (_, index): Cell[] => [day(1), `name ${index}`, 1]);
    const many = table('timestamp:datetime name:string n:long', ...rows);
    const points = draw(many, 'scatterchart').option.series;
    const shape = (series: any): string => `${series.itemStyle.color} ${series.symbol}`;
    expect(new Set(points.map(shape)).size).toBeGreaterThan(25);
    const line = (series: any): string => JSON.stringify(series.lineStyle);
    expect(new Set(draw(many, 'timechart').option.series.map(line)).size).toBeGreaterThan(25);
  });

  it.each([
    ['failed', '', 'fail'], ['Succeeded', '', 'pass'], ['True', 'success', 'pass'],
    ['False', 'success', 'fail'], ['False', 'isCold', null], ['Other', '', 'other'],
    ['other', '', null], ['toString', '', null], ['Unknown', 'Category', 'other'],
  ])('%s of column "%s" is %s', (name, column, expected) => {
    expect(reserved(name, column)).toBe(expected);
  });
});

describe('tips', () => {
  const hour = 3_600_000;
  const frame = {
    unit: 'none' as const, zone: 'UTC' as const, bin: hour, hidden: new Set<string>(),
    markers: [{ at: new Date(at(0) + 1), label: 'Release-1 → Test', kind: 'pass' as const }],
  };

  it('have the largest first, and what was deployed in the bin', () => {
    const drawn = drawnOf(counts, render('timechart'), tokens);
    expect(tipAt(drawn!, at(0), frame)).toMatchObject({
      title: '29 Nov 2026, 00:00:00 UTC', more: 0, notes: ['● Release-1 → Test'],
      rows: [{ name: 'Windows', value: '3' }, { name: 'macOS', value: '2' }],
    });
    expect(stops(drawn!, new Set())).toEqual([at(0), at(1), at(2)]);
    expect(stops(drawn!, new Set(['Windows']))).toEqual([at(0), at(1)]);
  });

  it('count what does not fit', () => {
    const rows = Array.from({ length: 20 }, (_, index) => [day(0), `s${index}`, index]);
    const drawn = drawnOf(
      table('t:datetime s:string n:long', ...rows), render('timechart'), tokens);
    const tip = tipAt(drawn!, at(0), frame);
    expect(tip?.rows).toHaveLength(12);
    expect(tip?.more).toBe(8);
  });

  it('tell shares of slices, lengths of bars', () => {
    const pie = drawnOf(
      table('s:string n:long', ['a', 1], ['b', 3]), render('piechart'), tokens);
    expect(spoken(tipAt(pie!, 0, frame)!)).toBe('b 3 (75.0 %)');
    const bars = drawnOf(
      table('s:string a:datetime b:datetime', ['x', day(0), day(2)]), render('timeline'), tokens);
    expect(tipAt(bars!, 0, frame)?.rows[2]?.value).toBe('2 h');
    const rest = { ...frame, hidden: new Set(['b']) };
    expect(spoken(tipAt(pie!, 0, rest)!)).toBe('a 1 (25.0 %)');
    expect(stops(pie!, rest.hidden)).toEqual([0]);
  });
});

describe('words', () => {
  it('tell what is to be seen', () => {
    const drawn = drawnOf(counts, render('timechart'), tokens);
    expect(summary(drawn!, 'none', 'UTC'))
      .toBe('2 series, 4 points, highest 5 at 29 Nov, 02:00, Windows');
  });

  it('aggregate without counting gaps', () => {
    const found = plan(counts, render('areachart'))?.model as XyModel;
    expect(aggregates(found)).toEqual([
      { name: 'Windows', unit: 'none', sum: 8, average: 4, min: 3, max: 5 },
      { name: 'macOS', unit: 'none', sum: 3, average: 1.5, min: 1, max: 2 },
    ]);
  });
});
