/** Options of charts with an x and a y axis: lines, areas, columns, bars, points. */

import type { EChartsCoreOption } from 'echarts/core';
import { toNumber } from '../lib/format';
import type { Render } from '../lib/query';
import { axisLook, basis, decal, shortName, type Marker, type Options } from './basis';
import type { Series, XyModel } from './model';
import type { Look, Tokens } from './tokens';
import { brief, stepsOf, type Unit } from './units';

/** Points of a line beyond which it is thinned while it is drawn. */
export const SAMPLED_FROM = 20_000;
/** Points of a cloud beyond which it is drawn in steps. */
export const PROGRESSIVE_FROM = 5000;
/** Axes beside each other beyond which they would leave no room for the chart. */
const AXES_MAX = 4;

/** A chart of fewer pixels has room for few numbers at its side. */
const LOW = 160;

interface Frame {
  model: XyModel;
  tokens: Tokens;
  options: Options;
  properties: Record<string, string>;
  shown: Series[];
  styles: Map<string, Look>;
}

export function xyOption(
  model: XyModel,
  render: Render,
  tokens: Tokens,
  options: Options,
  styles: Map<string, Look>,
): EChartsCoreOption {
  const shown = model.series.filter(({ name }) => !options.hidden.has(name));
  const frame = { model, tokens, options, properties: render.properties, shown, styles };
  const axes = axesOf(model);
  const panels = model.split === 'panels' ? axes : 1;
  const grids = Array.from({ length: panels }, (_, index) => gridOf(index, panels, frame, axes));
  const isHorizontal = model.kind === 'bar';
  const places = Array.from({ length: panels }, (_, index) => xAxis(frame, index, panels));
  const values = Array.from({ length: axes }, (_, index) => yAxis(frame, index));
  return {
    ...basis(tokens, options),
    grid: grids,
    xAxis: isHorizontal ? values : places,
    yAxis: isHorizontal ? places : values,
    axisPointer: { link: [{ [isHorizontal ? 'yAxisIndex' : 'xAxisIndex']: 'all' }] },
    series: shown.map((series, index) => seriesOption(frame, series, index, axes)),
  };
}

/** What is not to be seen of a model as it is. */
export function xyNotes(model: XyModel, render: Render, hidden: ReadonlySet<string>): string[] {
  const notes: string[] = [];
  const axes = axesOf(model);
  if (model.split !== 'none' && model.columns.length > axes) {
    notes.push(`Columns after the ${axes}th share the last axis.`);
  }
  if (isLog(render)) {
    const lost = model.series.filter(({ name }) => !hidden.has(name))
      .reduce((sum, { y }) => sum + y.filter((value) => value <= 0).length, 0);
    if (lost > 0) notes.push(`${lost} values of 0 or less have no place on a logarithmic axis.`);
  }
  return notes;
}

function axesOf({ split, columns }: XyModel): number {
  return split === 'none' ? 1 : Math.min(columns.length, AXES_MAX);
}

function isLog({ properties }: Pick<Render, 'properties'>): boolean {
  return properties.yaxis === 'log';
}

function gridOf(index: number, panels: number, frame: Frame, axes: number): object {
  const share = 100 / panels;
  const { properties, model } = frame;
  const isSplit = model.split === 'axes';
  return {
    left: 4,
    right: 12 + (isSplit ? Math.max(axes - 2, 0) * 48 : 0),
    top: panels > 1 ? `${index * share + 7}%` : properties.ytitle || isSplit ? 26 : 10,
    ...(panels > 1 ? { height: `${share - 13}%` } : { bottom: 4 }),
    outerBoundsMode: 'same', outerBoundsContain: 'all',
  };
}

function xAxis(frame: Frame, index: number, panels: number): object {
  const { model, tokens, options, properties } = frame;
  const title = properties.xtitle ?? (model.axis === 'time' ? options.zone : '');
  const common = {
    ...axisLook(tokens, 'none'),
    gridIndex: index,
    name: index === panels - 1 ? shortName(title, 60) : '',
    nameLocation: properties.xtitle ? 'middle' : 'end',
    // An axis at the right has its numbers there.
    nameGap: properties.xtitle ? 26 : model.split === 'axes' ? 44 : 6,
    axisPointer: { lineStyle: { color: tokens.lineStrong } },
  };
  const label = { color: tokens.textSoft, hideOverlap: true, show: index === panels - 1 };
  if (model.axis === 'category') {
    return {
      ...common, type: 'category', data: model.categories, inverse: model.kind === 'bar',
      axisLabel: { ...label, ...roomOf(frame), formatter: (name: string) => shortName(name) },
    };
  }
  if (model.axis === 'number') {
    const isLogX = properties.xaxis === 'log';
    return {
      ...common, type: isLogX ? 'log' : 'value', scale: true,
      axisLabel: { ...label, formatter: (value: number) => brief(value, 'none') },
    };
  }
  return {
    ...common, type: 'time', ...timeEnds(frame),
    axisLabel: { ...label, formatter: timeFormat },
    splitNumber: Math.max(2, Math.round(options.width / 110)),
  };
}

/** Pixels of a letter of a label, about. */
const LETTER = 6.5;
/** Columns closer than this have no name each, not even one that is turned. */
const CLOSE = 18;

/** Names below columns that are too narrow for them are turned, rather than cut or left out. */
function roomOf({ model, options }: Frame): object {
  const { categories, kind } = model;
  const place = (options.width - 60) / Math.max(categories.length, 1);
  if (kind === 'bar' || place < CLOSE) return {};
  const longest = Math.max(...categories.map((found) => shortName(found).length)) * LETTER;
  const all = { interval: 0, hideOverlap: false, overflow: 'truncate' };
  const isTurned = longest > place - 8;
  const most = Math.min(140, Math.round(options.height * 0.4));
  return isTurned ? { ...all, rotate: 35, width: most } : { ...all, width: Math.floor(place) - 8 };
}

const timeFormat = {
  year: '{yyyy}', month: '{d} {MMM}', day: '{d} {MMM}', hour: '{HH}:{mm}', minute: '{HH}:{mm}',
  second: '{HH}:{mm}:{ss}', millisecond: '{HH}:{mm}:{ss}.{SSS}',
};

/** The axis covers the range that was asked, not only what was found in it. */
function timeEnds({ model, options }: Frame): object {
  const { range, bins } = options;
  if (!range) return {};
  const half = model.kind === 'column' && bins ? bins.ms / 2 : 0;
  let min = range.from.getTime();
  let max = range.to.getTime();
  for (const { x } of model.series) {
    const first = x[0];
    const last = x[x.length - 1];
    if (first !== undefined) min = Math.min(min, first);
    if (last !== undefined) max = Math.max(max, last);
  }
  return { min: min - half, max: max + half };
}

function yAxis(frame: Frame, index: number): object {
  const { model, tokens, options, properties } = frame;
  const isPanel = model.split === 'panels';
  const unit = unitAt(frame, index);
  const name = model.split === 'none' ? properties.ytitle ?? '' : model.columns[index] ?? '';
  // Ends are those of the first axis: another one has other numbers.
  const isFirst = index === 0 || isPanel;
  const least = isFirst ? toNumber(properties.ymin) : null;
  const most = isFirst ? toNumber(properties.ymax) : null;
  return {
    ...axisLook(tokens, index === 0 || isPanel ? 'lines' : 'none'),
    type: isLog(frame) ? 'log' : 'value',
    gridIndex: isPanel ? index : 0,
    position: !isPanel && index > 0 ? 'right' : undefined,
    offset: !isPanel && index > 1 ? (index - 1) * 48 : 0,
    name: shortName(name, 40),
    nameTextStyle: { color: tokens.textSoft, align: index > 0 && !isPanel ? 'right' : 'left' },
    nameGap: 8,
    axisLabel: {
      color: tokens.textSoft, hideOverlap: true,
      formatter: (value: number) =>
        (model.stack === 'stacked100' ? `${Math.round(value)} %` : brief(value, unit)),
    },
    splitNumber: isPanel || options.height < LOW ? 2 : 4,
    // There are no halves of what is counted.
    ...(unit === 'none' && /^(int|long)$/.test(model.yTypes[index] ?? '')
      ? { minInterval: 1 } : {}),
    ...stepsFor(frame, index),
    ...(least === null ? {} : { min: least }),
    ...(most === null ? model.stack === 'stacked100' ? { max: 100 } : {} : { max: most }),
  };
}

/** The axis a series is on: each column has its own, those after the last share it. */
function axisIndex(model: XyModel, series: Series, axes = axesOf(model)): number {
  return Math.min(Math.max(model.columns.indexOf(series.column), 0), axes - 1);
}

function onAxis({ model, shown }: Frame, axis: number): Series[] {
  return shown.filter((series) => axisIndex(model, series) === axis);
}

function unitAt(frame: Frame, axis: number): Unit {
  return onAxis(frame, axis)[0]?.unit ?? frame.options.unit;
}

/** Steps of the y axis where tens are not what people count in. */
function stepsFor(frame: Frame, axis: number): object {
  const { model, options, properties } = frame;
  if (isLog(frame)) return {};
  if (model.stack === 'stacked100') return { interval: 25 };
  if (properties.ymin === '0' && properties.ymax === '100') {
    return { interval: options.height < LOW ? 50 : 25 };
  }
  const hasEnds = axis === 0 || model.split === 'panels';
  if (hasEnds && (properties.ymin ?? properties.ymax) !== undefined) return {};
  const isSum = model.stack === 'stacked';
  let most = 0;
  let isNegative = false;
  const sums = new Map<number, number>();
  for (const { x, y } of onAxis(frame, axis)) {
    for (let index = 0; index < y.length; index += 1) {
      const value = y[index] as number;
      if (Number.isNaN(value)) continue;
      const at = x[index] ?? 0;
      const all = isSum ? (sums.get(at) ?? 0) + value : value;
      if (isSum) sums.set(at, all);
      if (all > most) most = all;
      if (all < 0) isNegative = true;
    }
  }
  // Nothing but zeros still has a scale.
  return most === 0 && !isNegative ? { max: 1, interval: 1 } : stepsOf(most, unitAt(frame, axis));
}

/** Of points, by the number of the pattern. */
const symbols = ['circle', 'triangle', 'rect', 'diamond'];

function lineType({ dash }: Look): string | number[] {
  return dash === 'mixed' ? [10, 3, 2, 3] : dash;
}

function isStackedArea({ kind, stack }: XyModel): boolean {
  return kind === 'area' && stack !== 'none';
}

function plain(tokens: Tokens): Look {
  return { color: tokens.accent, dash: 'solid', pattern: 0, own: 0 };
}

function seriesOption(frame: Frame, series: Series, index: number, axes: number): object {
  const { model, options, styles, shown, tokens } = frame;
  const look = styles.get(series.name) ?? plain(tokens);
  const axis = axisIndex(model, series, axes);
  const isHorizontal = model.kind === 'bar';
  return {
    name: series.name,
    type: model.kind === 'area' ? 'line' : isHorizontal || model.kind === 'column' ? 'bar'
      : model.kind,
    ...dataOf(frame, series),
    ...(isHorizontal ? { xAxisIndex: axis } : { yAxisIndex: axis }),
    ...(model.split === 'panels' ? { xAxisIndex: axis } : {}),
    ...(model.stack === 'none' ? {} : { stack: `stack ${axis}` }),
    itemStyle: { color: look.color, decal: decal(look, options.patterns) },
    ...kindOption(model, look, series),
    ...(series.marks.length > 0 ? { markPoint: anomalies(series, tokens) } : {}),
    ...(index === 0 ? { markLine: lines(options, tokens) } : {}),
    emphasis: { disabled: shown.length > 20 || model.kind === 'scatter' },
    z: 2,
  };
}

function kindOption(model: XyModel, look: Look, series: Series): object {
  const points = series.y.length;
  switch (model.kind) {
    case 'line': case 'area': {
      const lonely = isStackedArea(model) ? new Set() : lonelyOf(series);
      return {
        // A point without neighbours has no line: it is drawn as a point.
        showSymbol: lonely.size > 0, showAllSymbol: lonely.size > 0, symbol: 'circle',
        symbolSize: lonely.size === 0 ? 5
          : (_: unknown, { dataIndex }: { dataIndex: number }) => (lonely.has(dataIndex) ? 5 : 0),
        connectNulls: false,
        lineStyle: { color: look.color, width: 1.75, type: lineType(look) },
        ...(points > SAMPLED_FROM ? { sampling: 'lttb' } : {}),
        ...(model.kind === 'area' ? { areaStyle: { color: look.color, opacity: 0.28 } } : {}),
      };
    }
    case 'scatter':
      return {
        symbol: symbols[look.pattern % symbols.length],
        symbolSize: points > 2000 ? 4 : 7,
        itemStyle: { color: look.color, opacity: 0.75 },
        ...(points > PROGRESSIVE_FROM ? { large: true, progressive: PROGRESSIVE_FROM } : {}),
      };
    default: {
      // A single failure among thousands is still to be seen; parts of a stack stay true.
      const isSingle = model.stack === 'none' || model.series.length === 1;
      return {
        barMaxWidth: 48, barGap: '10%', barCategoryGap: '25%', barMinHeight: isSingle ? 2 : 0,
      };
    }
  }
}

/** Places of values between two gaps; only lines that are short enough to see them. */
function lonelyOf({ y }: Series): Set<number> {
  const found = new Set<number>();
  if (y.length > 2000) return found;
  for (const [index, value] of y.entries()) {
    const isAlone = Number.isNaN(y[index - 1] ?? NaN) && Number.isNaN(y[index + 1] ?? NaN);
    if (!Number.isNaN(value) && isAlone) found.add(index);
  }
  return found;
}

/** x and y in turn, as a typed array where the axis has numbers. */
function dataOf(frame: Frame, series: Series): object {
  const { model, shown } = frame;
  const { x, y } = series;
  const isBar = model.kind === 'bar' || model.kind === 'column';
  // A bar of nothing is not drawn.
  const drawn = isBar ? y.map((value) => (value === 0 ? NaN : value)) : y;
  const parts = model.stack === 'stacked100' ? shareOf(series, shown) : drawn;
  // The next area stands on this one: where there is no value, it adds nothing.
  const shares = isStackedArea(model) ? parts.map((value) => value || 0) : parts;
  if (model.axis === 'category') {
    const isHorizontal = model.kind === 'bar';
    return {
      data: Array.from(shares, (value, index) =>
        (isHorizontal ? [gap(value), x[index]] : [x[index], gap(value)])),
    };
  }
  const flat = new Float64Array(x.length * 2);
  for (let index = 0; index < x.length; index += 1) {
    flat[index * 2] = x[index] as number;
    flat[index * 2 + 1] = shares[index] as number;
  }
  return { dimensions: ['x', 'y'], data: flat };
}

function gap(value: number): number | '-' {
  return Number.isNaN(value) ? '-' : value;
}

function shareOf(series: Series, shown: Series[]): Float64Array {
  return series.y.map((value, index) => {
    let sum = 0;
    for (const other of shown) sum += Math.abs(other.y[index] || 0);
    return sum === 0 ? NaN : (100 * value) / sum;
  });
}

function anomalies(series: Series, tokens: Tokens): object {
  return {
    symbol: 'circle', symbolSize: 9, label: { show: false },
    itemStyle: { color: 'transparent', borderColor: tokens.fail, borderWidth: 2 },
    data: series.marks.map((index) => ({ coord: [series.x[index], series.y[index]] })),
  };
}

const markerColors = { pass: 'pass', fail: 'fail', plain: 'lineStrong' } as const;

function lines(options: Options, tokens: Tokens): object | undefined {
  const data: object[] = options.markers.map((marker: Marker) => ({
    xAxis: marker.at.getTime(), name: shortName(marker.label, 40),
    lineStyle: { color: tokens[markerColors[marker.kind ?? 'plain']] },
  }));
  if (options.threshold !== null) {
    data.push({ yAxis: options.threshold, name: '', lineStyle: { color: tokens.fail } });
  }
  if (data.length === 0) return undefined;
  return {
    silent: true, symbol: 'none', animation: false, data,
    lineStyle: { type: 'dashed', width: 1 },
    label: {
      show: data.length <= 8, position: 'insideEndTop', color: tokens.textSoft,
      formatter: ({ name }: { name: string }) => name,
    },
  };
}
