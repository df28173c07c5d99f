/** What every chart has in common: its settings, fonts, axes, short names, patterns. */

import type { EChartsCoreOption } from 'echarts/core';
import { cut, visible } from '../lib/format';
import type { Range, Zone } from '../lib/time';
import type { Bins } from './model';
import type { Look, Tokens } from './tokens';
import type { Unit } from './units';

/** A moment marked on a time axis. */
export interface Marker {
  at: Date;
  label: string;
  kind?: 'pass' | 'fail' | 'plain';
}

export interface Options {
  zone: Zone;
  /** Ends of a time axis; without them those of the data. */
  range: Range | null;
  bins: Bins | null;
  unit: Unit;
  markers: Marker[];
  /** A horizontal line, such as the threshold of an alert. */
  threshold: number | null;
  /** Names of series that are switched off. */
  hidden: ReadonlySet<string>;
  /** Patterns on areas beside colours. */
  patterns: boolean;
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
}

export const defaults: Options = {
  zone: 'UTC', range: null, bins: null, unit: 'none', markers: [], threshold: null,
  hidden: new Set(), patterns: false, width: 600, height: 240,
};

/** What every chart has: no animation, fonts and colours of the page. */
export function basis(tokens: Tokens, options: Options): EChartsCoreOption {
  return {
    animation: false,
    useUTC: options.zone === 'UTC',
    backgroundColor: 'transparent',
    textStyle: { fontFamily: tokens.font, fontSize: tokens.fontSize, color: tokens.text },
    aria: { enabled: false, decal: { show: options.patterns } },
  };
}

/** A name for an axis or a label: one short line. */
export function shortName(name: string, most = 24): string {
  return cut(visible(name).replace(/\s+/g, ' '), most);
}

/** The pattern of an area: of series after the tenth, or of all with `patterns`. */
export function decal(look: Look, patterns: boolean): object | undefined {
  const pattern = patterns ? look.own : look.pattern;
  if (pattern === 0) return undefined;
  const shapes = ['rect', 'circle', 'triangle', 'diamond'];
  return {
    symbol: shapes[(pattern - 1) % shapes.length],
    symbolSize: 0.7,
    dashArrayX: [4, 4],
    dashArrayY: [3, 3],
    rotation: pattern * 0.6,
    color: 'rgba(255, 255, 255, 0.45)',
  };
}

export function axisLook(tokens: Tokens, split: 'lines' | 'none'): object {
  return {
    axisLine: { show: split === 'none', lineStyle: { color: tokens.lineStrong } },
    axisTick: { show: false },
    splitLine: { show: split === 'lines', lineStyle: { color: tokens.line } },
    nameTextStyle: { color: tokens.textSoft },
  };
}
