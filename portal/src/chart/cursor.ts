/** The points of a chart one after another, for the keyboard. */

import type { Drawn } from './option';
import { itemTip, xyTip, type Tip, type TipFrame } from './tooltip';

/** The places a cursor can be at: of the x axis, or numbers of items. */
export function stops(drawn: Drawn, hidden: ReadonlySet<string>): number[] {
  const { model } = drawn;
  switch (model.shape) {
    case 'xy': {
      const found = new Set<number>();
      for (const { name, x } of model.series) {
        if (!hidden.has(name)) for (const at of x) found.add(at);
      }
      return [...found].toSorted((a, b) => a - b);
    }
    case 'pie': return places(model.slices.filter(({ name }) => !hidden.has(name)));
    case 'gantt': return places(model.bars.filter(({ group }) => !hidden.has(group)));
    case 'tree': return places(model.nodes);
    case 'card': return [];
  }
}

function places(list: unknown[]): number[] {
  return list.map((_, index) => index);
}

/** What is at a stop. */
export function tipAt(drawn: Drawn, stop: number, frame: TipFrame): Tip | null {
  const { model } = drawn;
  const { hidden } = frame;
  switch (model.shape) {
    case 'xy': {
      const points = model.series.filter(({ name }) => !hidden.has(name))
        .map(({ name, x }) => ({ name, index: x.indexOf(stop) }))
        .filter(({ index }) => index >= 0);
      return xyTip(model, drawn, points, frame);
    }
    case 'pie': {
      const slice = model.slices.filter(({ name }) => !hidden.has(name))[stop];
      return slice ? itemTip(drawn, { dataIndex: stop, ...slice }, frame) : null;
    }
    case 'tree': {
      const node = model.nodes[stop];
      return node ? itemTip(drawn, { dataIndex: stop, ...node }, frame) : null;
    }
    case 'gantt': return itemTip(drawn, { dataIndex: stop, name: '', value: 0 }, frame);
    case 'card': return null;
  }
}
