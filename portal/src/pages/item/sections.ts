/** What an item page shows of a row, section by section. */

import type { Filter } from '../../lib/filters';
import { LIST_TEXT_MAX, severities } from '../../lib/items';
import type { Cell, Row } from '../../lib/query';
import { cellText } from '../../lib/share';

export interface Entry {
  /** As filters name it: a column, `d.key` or `m.key`. */
  field: string;
  label: string;
  /** The value as it is stored. */
  text: string;
  /** How it is shown; JSON with its structure. */
  shown: string;
  kind: 'text' | 'json' | 'number' | 'duration';
  /** Length at which ingestion cuts, when the value is exactly that long. */
  cutAt: number | null;
}

export interface Section {
  title: string;
  entries: Entry[];
}

/** Longest texts that ingestion keeps, in UTF-16 units. */
const PROPERTY_MAX = 8192;
const columnMax: Record<string, number> = {
  id: 512, source: 1024, url: 2048, resultCode: 1024, target: 1024, type: 1024, data: 8192,
  message: 32_768, problemId: 1024, outerMessage: 32_768, innermostMessage: 32_768,
  outerType: 1024, innermostType: 1024, operation_Name: 1024, operation_Id: 128,
  operation_ParentId: 512, session_Id: 64, user_Id: 128, user_AuthenticatedId: 1024,
  user_AccountId: 1024, application_Version: 1024, cloud_RoleName: 256, cloud_RoleInstance: 256,
  client_Type: 64, client_Model: 256, client_OS: 256, sdkVersion: 64, location: 1024,
};

function maxOf(field: string, row: Row): number | null {
  if (field.startsWith('d.')) return PROPERTY_MAX;
  if (field === 'name') return row.itemType === 'customEvent' ? 512 : 1024;
  if (field === 'message' && row.itemType === 'availabilityResult') return PROPERTY_MAX;
  return columnMax[field] ?? null;
}

/** Structure that a text holds, with line breaks; `null`: it holds none. */
export function pretty(text: string): string | null {
  const start = text.trimStart()[0];
  if (start !== '{' && start !== '[') return null;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

function entry(row: Row, field: string, label: string, value: Cell): Entry {
  const text = cellText(value);
  const json = typeof value === 'object' ? JSON.stringify(value, null, 2) : pretty(text);
  const max = maxOf(field, row);
  const kind = field === 'duration' ? 'duration' : typeof value === 'number' ? 'number'
    : json !== null ? 'json' : 'text';
  const shown = field === 'severityLevel' ? (severities[Number(value)] ?? text) : (json ?? text);
  return { field, label, text, shown, kind, cutAt: text.length === max ? max : null };
}

function bag(row: Row, name: string): [string, Cell][] {
  const found = row[name];
  return found && typeof found === 'object' && !Array.isArray(found) ? Object.entries(found) : [];
}

/** Custom dimensions and measurements, by name. */
export function customData(row: Row): Entry[] {
  const all = [
    ...bag(row, 'customDimensions').map(([key, value]) => entry(row, `d.${key}`, key, value)),
    ...bag(row, 'customMeasurements').map(([key, value]) => entry(row, `m.${key}`, key, value)),
  ];
  const order = new Intl.Collator('en', { numeric: true });
  return all.sort((a, b) => order.compare(a.label, b.label));
}

const own: [string, string][] = [
  ['name', 'Name'], ['message', 'Message'], ['severityLevel', 'Severity'], ['type', 'Type'],
  ['target', 'Target'], ['data', 'Data'], ['url', 'URL'], ['source', 'Source'],
  ['success', 'Success'], ['resultCode', 'Result code'], ['duration', 'Duration'],
  ['performanceBucket', 'Duration range'], ['location', 'Location'], ['size', 'Size'],
  ['outerType', 'Type'], ['outerMessage', 'Message'], ['problemId', 'Problem'],
  ['handledAt', 'Handled at'], ['value', 'Value'], ['valueCount', 'Values'],
  ['valueSum', 'Sum'], ['valueMin', 'Smallest'], ['valueMax', 'Largest'],
  ['valueStdDev', 'Standard deviation'], ['category', 'Category'], ['counter', 'Counter'],
  ['instance', 'Instance'], ['networkDuration', 'Network'], ['sendDuration', 'Sending'],
  ['receiveDuration', 'Receiving'], ['processingDuration', 'Processing'],
  ['totalDuration', 'In all'], ['id', 'Id'],
];

const contexts: [string, [string, string][]][] = [
  ['Operation', [
    ['operation_Name', 'Operation'], ['operation_Id', 'Operation id'],
    ['operation_ParentId', 'Parent id'], ['operation_SyntheticSource', 'Synthetic source'],
  ]],
  ['User and session', [
    ['user_Id', 'User'], ['user_AuthenticatedId', 'Signed-in user'],
    ['user_AccountId', 'Account'], ['session_Id', 'Session'],
  ]],
  ['Device', [
    ['client_OS', 'OS'], ['client_Type', 'Device type'], ['client_Model', 'Model'],
    ['client_Browser', 'Browser'], ['client_IP', 'Address'], ['client_City', 'City'],
    ['client_StateOrProvince', 'State or province'], ['client_CountryOrRegion', 'Country'],
  ]],
  ['Application', [
    ['cloud_RoleName', 'Role'], ['cloud_RoleInstance', 'Role instance'],
    ['application_Version', 'Version'], ['sdkVersion', 'SDK'], ['itemCount', 'Items sent'],
    ['itemId', 'Item id'],
  ]],
];

function isThere(value: Cell | undefined): value is Cell {
  return value !== null && value !== undefined && value !== '';
}

function pick(row: Row, wanted: [string, string][]): Entry[] {
  return wanted
    .filter(([field]) => isThere(row[field]))
    .map(([field, label]) => entry(row, field, label, row[field] ?? null));
}

/** What only items of this kind have. */
export function ownData(row: Row): Entry[] {
  const isException = row.itemType === 'exception';
  // Of an exception those of the outer one are shown with the chain.
  const hidden = isException ? ['type', 'message', 'outerType', 'outerMessage'] : [];
  return pick(row, own.filter(([field]) => !hidden.includes(field)));
}

export function context(row: Row): Section[] {
  return contexts
    .map(([title, wanted]) => ({ title, entries: pick(row, wanted) }))
    .filter((section) => section.entries.length > 0);
}

/** The row without what is empty, as it is shown and copied. */
export function rawRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => isThere(value)));
}

/** A filter for the items that have this value, or have it not. */
export function filterOf({ field, text }: Entry, isWanted: boolean): Filter {
  if (text.length > LIST_TEXT_MAX) {
    const values = [text.slice(0, LIST_TEXT_MAX)];
    return { field, op: isWanted ? 'starts' : 'ne', values: isWanted ? values : [text] };
  }
  return { field, op: isWanted ? 'eq' : 'ne', values: [text] };
}
