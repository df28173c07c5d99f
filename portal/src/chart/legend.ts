/** What the series of a chart add up to. */

import type { Model } from './model';
import type { Unit } from './units';

export interface LegendRow {
  name: string;
  sum: number;
  average: number;
  min: number;
  max: number;
  /** Of a chart of several units; else that of the chart. */
  unit?: Unit;
}

/** One row for each series, slice or group; largest sum first. Gaps do not count. */
export function aggregates(model: Model): LegendRow[] {
  if (model.shape === 'pie') {
    return model.slices.map(({ name, value }) =>
      ({ name, sum: value, average: value, min: value, max: value }));
  }
  if (model.shape === 'gantt') {
    const groups = [...new Set(model.bars.map(({ group }) => group))].filter(Boolean);
    return groups.map((name) => ({ name, sum: NaN, average: NaN, min: NaN, max: NaN }));
  }
  if (model.shape !== 'xy') return [];
  const rows = model.series.map(({ name, unit, y }) => {
    let [sum, count, min, max] = [0, 0, NaN, NaN];
    for (const value of y) {
      if (Number.isNaN(value)) continue;
      sum += value;
      count += 1;
      if (!(value >= min)) min = value;
      if (!(value <= max)) max = value;
    }
    return { name, unit, sum, average: count === 0 ? NaN : sum / count, min, max };
  });
  return rows.toSorted((a, b) => b.sum - a.sum || (a.name < b.name ? -1 : 1));
}
