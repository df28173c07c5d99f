/** What an item page shows of a row, section by section. */

import { cutsOf, keptAt, KEY, type Cut } from '../../lib/cuts';
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
  /** The value was longer on arrival. */
  cut: Cut | null;
  /** Its key was. */
  cutKey: Cut | null;
}

export interface Section {
  title: string;
  entries: Entry[];
}

const bags: Record<string, string> = { d: 'customDimensions', m: 'customMeasurements' };

/** Where the row has the value of a field. */
function placeOf(field: string): string {
  const [, bag = '', key] = /^([dm])\.(.*)$/s.exec(field) ?? [];
  return key === undefined ? field : `${bags[bag]}.${key}`;
}

/** What was cut of the text at a place; `null`: nothing. */
function cutAt(row: Row, place: string): Cut | null {
  const was = cutsOf(row).get(place);
  return was === undefined ? null : { kept: keptAt(row, place), was };
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
  const kind = field === 'duration' ? 'duration' : typeof value === 'number' ? 'number'
    : json !== null ? 'json' : 'text';
  const shown = field === 'severityLevel' ? (severities[Number(value)] ?? text) : (json ?? text);
  const place = placeOf(field);
  const cutKey = place === field ? null : cutAt(row, place + KEY);
  return { field, label, text, shown, kind, cut: cutAt(row, place), cutKey };
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

export interface PlacedCut extends Cut {
  place: string;
}

/** What was cut of the exceptions of a chain, each by its number. */
export function chainCuts(row: Row): PlacedCut[][] {
  const found: PlacedCut[][] = [];
  for (const [place, was] of cutsOf(row)) {
    const index = /^details\[(\d{1,4})\]/.exec(place)?.[1];
    if (index !== undefined) {
      (found[Number(index)] ??= []).push({ place, was, kept: keptAt(row, place) });
    }
  }
  return found;
}

/** What was cut of what no value of the page shows, and the count of what has no mark. */
export function otherCuts(row: Row): [string, number][] {
  const sections = [customData(row), ownData(row), ...context(row).map(({ entries }) => entries)];
  const shown = new Set(sections.flat().flatMap(({ field }) => {
    const place = placeOf(field);
    return [place, place + KEY];
  }));
  return [...cutsOf(row)].filter(([place]) => !shown.has(place) && !place.startsWith('details['));
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
