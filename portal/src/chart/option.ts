/**
 * Charts as options of ECharts: `(table, render, tokens, options) → option`, without side effects.
 * Colours all come from the tokens, texts of the data are only ever drawn as text.
 */

import type { EChartsCoreOption } from 'echarts/core';
import type { Render, Table } from '../lib/query';
import { shortTime, type Zone } from '../lib/time';
import { axisLook, basis, decal, defaults, shortName, type Options } from './basis';
import {
  plan, type GanttModel, type Model, type PieModel, type PlanOptions, type Series,
  type TreeModel, type XyModel,
} from './model';
import { looks, type Look, type Tokens } from './tokens';
import { brief, type Unit } from './units';
import { xyNotes, xyOption } from './xy';

export type { Marker, Options } from './basis';

/** What a chart shows, without its size. */
export interface Drawn {
  model: Model;
  notes: string[];
  /** Looks by name of series or slice. */
  looks: Map<string, Look>;
}

/** What is drawn of the table; `null`: its kind is shown as a table. */
export function drawnOf(
  table: Table,
  render: Render,
  tokens: Tokens,
  given: PlanOptions = {},
): Drawn | null {
  const found = plan(table, render, given);
  return found && { ...found, looks: looksOf(found.model, tokens) };
}

/** What is not to be seen of it, in sentences. */
export function notesOf(
  { model, notes }: Drawn, render: Render, hidden: ReadonlySet<string> = defaults.hidden,
): string[] {
  return model.shape === 'xy' ? [...notes, ...xyNotes(model, render, hidden)] : notes;
}

function looksOf(model: Model, tokens: Tokens): Map<string, Look> {
  switch (model.shape) {
    case 'card': return new Map();
    case 'pie': return looks(model.slices.map(({ name }) => name), tokens, model.seriesColumn);
    case 'tree': return looks(model.nodes.map(({ name }) => name), tokens);
    case 'gantt': return looks([...new Set(model.bars.map(({ group }) => group))], tokens);
    case 'xy': return looks(model.series.map(({ name }) => name), tokens, model.seriesColumn);
  }
}

/** How the library draws it; `null` for cards, which are no canvas. */
export function optionOf(
  { model, looks: styles }: Drawn,
  render: Render,
  tokens: Tokens,
  given: Partial<Options> = {},
): EChartsCoreOption | null {
  const options = { ...defaults, ...given };
  switch (model.shape) {
    case 'card': return null;
    case 'pie': return pieOption(model, tokens, options, styles);
    case 'tree': return treeOption(model, tokens, options, styles);
    case 'gantt': return ganttOption(model, tokens, options, styles);
    case 'xy': return xyOption(model, render, tokens, options, styles);
  }
}

type Styles = Map<string, Look>;

function pieOption(
  model: PieModel, tokens: Tokens, options: Options, styles: Styles,
): EChartsCoreOption {
  const data = model.slices.filter(({ name }) => !options.hidden.has(name))
    .map(({ name, value }) => {
      const look = styles.get(name);
      const pattern = look ? decal(look, options.patterns) : undefined;
      return { name, value, itemStyle: { color: look?.color, decal: pattern } };
    });
  return {
    ...basis(tokens, options),
    series: [{
      type: 'pie', radius: ['52%', '92%'], center: ['50%', '50%'], data,
      label: { show: false }, labelLine: { show: false },
      itemStyle: { borderColor: tokens.surface, borderWidth: 2 },
      emphasis: { scaleSize: 3 },
    }],
  };
}

function treeOption(
  model: TreeModel, tokens: Tokens, options: Options, styles: Styles,
): EChartsCoreOption {
  const data = model.nodes.map((node) => ({
    ...node, itemStyle: { color: styles.get(node.name)?.color },
  }));
  const isDeep = model.nodes.some((node) => node.children !== undefined);
  return {
    ...basis(tokens, options),
    series: [{
      type: 'treemap', data, roam: false, nodeClick: false, breadcrumb: { show: false },
      left: 0, right: 0, top: 0, bottom: 0,
      label: {
        show: true, lineHeight: 15, color: '#ffffff',
        textBorderColor: 'rgba(0, 0, 0, 0.65)', textBorderWidth: 2,
        formatter: ({ name, value }: { name: string; value: number }) =>
          `${shortName(name, 40)}\n${brief(value, options.unit)}`,
      },
      upperLabel: {
        show: isDeep, height: 20, color: tokens.text, backgroundColor: 'transparent',
        formatter: ({ name }: { name: string }) => shortName(name, 40),
      },
      itemStyle: { borderColor: tokens.surface, borderWidth: 1, gapWidth: 1 },
    }],
  };
}

const GANTT_ROW = 0.6;

interface GanttCoordinates {
  value: (dimension: number) => number;
  coord: (place: [number, number]) => [number, number];
  size: (extent: [number, number]) => [number, number];
  visual: (name: string) => string;
}

function ganttOption(
  model: GanttModel, tokens: Tokens, options: Options, styles: Styles,
): EChartsCoreOption {
  const shown = model.bars.filter(({ group }) => !options.hidden.has(group));
  const data = shown.map((bar) => ({
    value: [bar.row, bar.from, bar.to], name: bar.name,
    itemStyle: { color: styles.get(bar.group)?.color },
  }));
  return {
    ...basis(tokens, options),
    grid: { left: 4, right: 24, top: 8, bottom: 4, outerBoundsMode: 'same' },
    xAxis: {
      type: model.axis === 'time' ? 'time' : 'value', scale: true,
      ...axisLook(tokens, 'lines'),
      name: model.axis === 'time' ? options.zone : '', nameGap: 6,
      axisLabel: {
        color: tokens.textSoft, hideOverlap: true,
        ...(model.axis === 'time' ? {} : { formatter: (at: number) => brief(at, options.unit) }),
      },
    },
    yAxis: {
      type: 'category', inverse: true, data: model.rows, ...axisLook(tokens, 'none'),
      axisLabel: { color: tokens.textSoft, formatter: (name: string) => shortName(name) },
    },
    series: [{
      type: 'custom', data, encode: { x: [1, 2], y: 0 }, renderItem: ganttBar, clip: true,
    }],
  };
}

function ganttBar(_: unknown, api: GanttCoordinates): object {
  const start = api.coord([api.value(1), api.value(0)]);
  const end = api.coord([api.value(2), api.value(0)]);
  const height = Math.min(api.size([0, 1])[1] * GANTT_ROW, 24);
  return {
    type: 'rect',
    // What took no time is still there to see.
    shape: {
      x: start[0], y: start[1] - height / 2, width: Math.max(end[0] - start[0], 2), height, r: 2,
    },
    style: { fill: api.visual('color') },
  };
}

/** A sentence that says what is to be seen. */
export function summary(drawn: Drawn, unit: Unit, zone: Zone): string {
  const { model } = drawn;
  switch (model.shape) {
    case 'card':
      return model.cards.map((card) => `${card.name}: ${String(card.value ?? 'none')}`).join(', ');
    case 'pie': {
      const first = model.slices[0];
      return first ? `${model.slices.length} values, largest ${first.name} with `
        + `${brief(first.value, unit)} of ${brief(model.total, unit)}` : 'No values';
    }
    case 'tree':
      return `${model.nodes.length} parts, ${brief(model.total, unit)} in all`;
    case 'gantt':
      return `${model.bars.length} bars in ${model.rows.length} rows`;
    case 'xy': return xySummary(model, zone);
  }
}

function xySummary(model: XyModel, zone: Zone): string {
  let points = 0;
  let best: { value: number; x: number; series: Series } | null = null;
  for (const series of model.series) {
    const { x, y } = series;
    let top = -1;
    for (let index = 0; index < y.length; index += 1) {
      const value = y[index] as number;
      if (Number.isNaN(value)) continue;
      points += 1;
      if (top < 0 || value > (y[top] as number)) top = index;
    }
    const value = y[top];
    if (value !== undefined && (!best || value > best.value)) best = { value, x: x[top] ?? 0, series };
  }
  if (!best) return 'No points';
  const at = model.axis === 'category' ? (model.categories[best.x] ?? '')
    : model.axis === 'time' ? shortTime(new Date(best.x), zone) : String(best.x);
  const count = model.series.length;
  return `${count} series, ${points} points, highest ${brief(best.value, best.series.unit)} at ${at}, `
    + shortName(best.series.name, 60);
}
