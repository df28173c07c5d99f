/** Lines of the tree of what can be queried. */

import { signatureOf, type Schema, type SchemaTable } from '../../lib/schema';
import { name, text } from '../../lib/kql';

export interface TreeLine {
  id: string;
  level: number;
  label: string;
  about: string;
  /** Written into the query when it is chosen; empty: it only opens. */
  insert: string;
  kind: 'group' | 'table' | 'column' | 'key' | 'function' | 'note';
  /** `null`: it has no parts. */
  isOpen: boolean | null;
  doc: string;
  table?: string;
  /** Expression of a column or key, for its values. */
  expression?: string;
  type?: string;
}

/** Most keys shown of a bag; the filter finds the others. */
export const KEYS_MAX = 50;

const groupNames: Record<SchemaTable['group'], string> = {
  telemetry: 'Telemetry', pipelines: 'Pipelines', own: 'Own tables', system: 'System',
};

/** The lines that are seen: with a filter all that have its text, and what they are in. */
export function treeLines(schema: Schema, open: ReadonlySet<string>, filter: string): TreeLine[] {
  const word = filter.trim().toLowerCase();
  const lines: TreeLine[] = [];
  for (const group of ['telemetry', 'pipelines', 'own', 'system'] as const) {
    const tables = schema.tables.filter((table) => table.group === group);
    const parts = tables.flatMap((table) => tableLines(table, open, word));
    pushGroup(lines, `group ${group}`, groupNames[group], parts, open, word);
  }
  const functions = schema.functions
    .filter(({ name: found }) => has(found, word))
    .map((found): TreeLine => ({
      id: `function ${found.name}`, level: 2, label: found.name, about: '', kind: 'function',
      insert: `${found.name}()`, isOpen: null, doc: `${signatureOf(found)}\n${found.doc}`,
    }));
  pushGroup(lines, 'group functions', 'Functions', functions, open, word);
  const other = (schema.workspaceTables ?? []).flatMap((table) => tableLines(table, open, word));
  pushGroup(lines, 'group workspace', 'Workspace names', other, open, word);
  return lines;
}

function has(label: string, word: string): boolean {
  return word === '' || label.toLowerCase().includes(word);
}

function pushGroup(
  lines: TreeLine[],
  id: string,
  label: string,
  parts: TreeLine[],
  open: ReadonlySet<string>,
  word: string,
): void {
  if (parts.length === 0) return;
  const isOpen = word !== '' || open.has(id);
  const count = parts.filter(({ level }) => level === 2).length;
  lines.push({
    id, level: 1, label, about: String(count), kind: 'group', insert: '', isOpen, doc: '',
  });
  if (isOpen) lines.push(...parts);
}

function tableLines(table: SchemaTable, open: ReadonlySet<string>, word: string): TreeLine[] {
  const isFound = has(table.name, word);
  const parts = table.columns.flatMap((column) => columnLines(table, column, open, word));
  const inside = word === '' ? parts : parts.filter(({ kind, label }) => (
    kind === 'note' || has(label, word) || kind === 'column'
  ));
  if (!isFound && inside.length === 0) return [];
  const isOpen = (word !== '' && !isFound) || open.has(table.name);
  return [
    {
      id: table.name, level: 2, label: table.name, about: '', kind: 'table', table: table.name,
      insert: name(table.name), isOpen, doc: table.doc,
    },
    ...(isOpen ? inside : []),
  ];
}

function columnLines(
  table: SchemaTable,
  column: SchemaTable['columns'][number],
  open: ReadonlySet<string>,
  word: string,
): TreeLine[] {
  const id = `${table.name}.${column.name}`;
  const all = table.keys.filter((key) => key.column === column.name);
  const keys = word === '' || has(table.name, word) ? all : all.filter(({ key }) => has(key, word));
  const isFound = has(table.name, word) || has(column.name, word);
  if (!isFound && keys.length === 0) return [];
  const isOpen = all.length === 0 ? null : (word !== '' && !isFound) || open.has(id);
  const lines: TreeLine[] = [{
    id, level: 3, label: column.name, about: column.type, kind: 'column', table: table.name,
    insert: name(column.name), isOpen, doc: column.doc, expression: name(column.name),
    type: column.type,
  }];
  if (!isOpen) return lines;
  for (const { key, rows } of keys.slice(0, KEYS_MAX)) {
    const expression = `${name(column.name)}[${text(key)}]`;
    lines.push({
      id: `${id} ${key}`, level: 4, label: key, about: String(rows), kind: 'key',
      table: table.name, isOpen: null, doc: `${key}: in ${rows} rows lately`,
      insert: `to${column.name === 'customMeasurements' ? 'double' : 'string'}(${expression})`,
      expression, type: 'dynamic',
    });
  }
  if (keys.length > KEYS_MAX) {
    lines.push({
      id: `${id} more`, level: 4, label: `${keys.length - KEYS_MAX} more: filter to find them`,
      about: '', kind: 'note', insert: '', isOpen: null, doc: '',
    });
  }
  return lines;
}
