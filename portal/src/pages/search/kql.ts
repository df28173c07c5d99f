/** The queries of Search. */

import { fieldKql, wheres, type Filter } from '../../lib/filters';
import { allItems, kindOf, kinds, LIST_TEXT_MAX, whatKql } from '../../lib/items';
import { lines, text } from '../../lib/kql';
import { kqlTime, type Range } from '../../lib/time';
import { nodeKql, type Node } from './text';

/** What is looked for. */
export interface Question {
  /** Values of `itemType`; none: all. */
  types: string[];
  node: Node | null;
  filters: Filter[];
}

/** Where a page of the list begins: beside this item. */
export interface Cursor {
  /** As the API wrote it, with all its digits. */
  timestamp: string;
  itemId: string;
}

/** Rows of a page of the list. */
export const PAGE = 200;

/** Values of a facet. */
export const FACET_MAX = 8;

/** The kinds an address names; unknown ones are left out. */
export function typesOf(written: string | null): string[] {
  const names = (written ?? '').split(',');
  return kinds.filter((kind) => names.includes(kind.short)).map((kind) => kind.type);
}

/** How an address names kinds. */
export function typesText(types: string[]): string | null {
  return types.length === 0 ? null : types.map((type) => kindOf(type)?.short ?? type).join(',');
}

/** All items that are looked for; those of every kind with `allTypes`. */
export function source({ types, node, filters }: Question, allTypes = false): string {
  return lines(
    allItems,
    types.length > 0 && !allTypes && `| where itemType in (${types.map(text).join(', ')})`,
    wheres(filters),
    node && `| where ${nodeKql(node)}`,
  );
}

const drawn = `| project timestamp, itemType, itemId, what = ${whatKql},
    duration, success, resultCode, severityLevel, itemCount,
    role = substring(cloud_RoleName, 0, 101), os = substring(client_OS, 0, 101)`;

const newestFirst = '| order by timestamp desc, itemId desc';

/** The newest items of the range. */
export function firstPage(question: Question): string {
  return lines(source(question), newestFirst, `| take ${PAGE}`, drawn);
}

/** A page older than the cursor, newest first; it bounds the time itself. */
export function olderPage(question: Question, range: Range, cursor: Cursor, rows = PAGE): string {
  const time = `datetime(${cursor.timestamp})`;
  return lines(
    source(question),
    `| where timestamp >= ${kqlTime(range.from)} and timestamp <= ${time}`,
    `| where timestamp < ${time} or strcmp(itemId, ${text(cursor.itemId)}) < 0`,
    newestFirst,
    `| take ${rows}`,
    drawn,
  );
}

/** A page newer than the cursor, oldest first; it bounds the time itself. */
export function newerPage(question: Question, range: Range, cursor: Cursor, rows = PAGE): string {
  const time = `datetime(${cursor.timestamp})`;
  return lines(
    source(question),
    `| where timestamp >= ${time} and timestamp < ${kqlTime(range.to)}`,
    `| where timestamp > ${time} or strcmp(itemId, ${text(cursor.itemId)}) > 0`,
    '| order by timestamp asc, itemId asc',
    `| take ${rows}`,
    drawn,
  );
}

/** How many items are newer than the list. */
export function newerCount(question: Question, after: string): string {
  return lines(source(question), `| where timestamp > datetime(${after})`, '| count');
}

/** Items by kind, whatever kinds are chosen. */
export function countsByType(question: Question): string {
  return lines(
    source(question, true),
    '| summarize items = sum(itemCount), most = max(itemCount) by itemType',
  );
}

/** Items over time by kind. */
export function histogram(question: Question, grain: string): string {
  return lines(
    source(question),
    `| summarize items = sum(itemCount) by bin(timestamp, ${grain}), itemType`,
    '| order by timestamp asc',
  );
}

/** The question without what is asked of `field`, so that its other values can be seen. */
export function without(question: Question, field: string): Question {
  return { ...question, filters: question.filters.filter((found) => found.field !== field) };
}

/** The most frequent values of a field and one more, those that contain `needle` only. */
export function facet(question: Question, field: string, needle = ''): string {
  return lines(
    source(without(question, field)),
    `| extend value = substring(tostring(${fieldKql(field)}), 0, ${LIST_TEXT_MAX + 1})`,
    needle !== '' && `| where value contains ${text(needle)}`,
    '| summarize items = sum(itemCount) by value',
    `| top ${FACET_MAX + 1} by items desc`,
  );
}

/** Where an item stands in the list. */
export function cursorOf(itemId: string): string {
  return lines(
    allItems,
    `| where itemId == ${text(itemId)}`,
    '| project timestamp, itemId',
    '| take 1',
  );
}

/** When the newest item of all times was. */
export const newestItem = lines(allItems, '| summarize newest = max(timestamp)');
