/** How rows without a `render` are drawn first. */

import { rolesOf } from '../../chart/columns';
import type { Render, Table } from '../../lib/query';

const numbers = /^(int|long|real|decimal)$/;

/** A time line, columns by name, or numbers; `null` when nothing is to be drawn. */
export function guessRender(table: Table): Render | null {
  const types = table.schema.map(({ type }) => type);
  if (!types.some((type) => numbers.test(type))) return null;
  if (table.rows === 1 && types.every((type) => numbers.test(type))) {
    return { kind: 'card', properties: {} };
  }
  if (types.includes('datetime')) return { kind: 'timechart', properties: {} };
  return { kind: types.includes('string') ? 'columnchart' : 'scatterchart', properties: {} };
}

/** With the name of what is measured at the y axis, where nothing else tells it. */
export function titled(table: Table, render: Render): Render {
  const { y } = rolesOf(table.schema, render);
  const measured = table.schema[y[0] ?? -1]?.name;
  if (y.length !== 1 || !measured || render.properties.ytitle !== undefined) return render;
  return { ...render, properties: { ...render.properties, ytitle: measured } };
}
