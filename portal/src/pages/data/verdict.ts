/** "Why is my item not here?": what is known of an id or of telemetry, in words. */

import { keptAt, MORE, placeName } from '../../lib/cuts';
import { count, cut, number, visible } from '../../lib/format';
import { lateness } from '../../lib/items';
import { lines, text } from '../../lib/kql';
import type { Row } from '../../lib/query';
import { parseTime } from '../../lib/time';

/** An item that would be stored. */
export interface Judged {
  index: number;
  /** Of the application its instrumentation key stands for. */
  appId: string | null;
  table: string;
  timestamp: string | null;
  itemCount: number | null;
  cut: Record<string, number> | null;
}

/** The answer of `POST /v2/validate`. */
export interface Validated {
  itemsReceived: number;
  itemsAccepted: number;
  errors: { index: number; statusCode: number; message: string }[];
  items?: Judged[];
}

/** What the verdict depends on. */
export interface Setting {
  /** Of the application of the page. */
  appId: string | undefined;
  /** Names of the applications the reader may see, by their ids. */
  apps: Map<string, string>;
  /** Days the rows of a table are kept; absent or `null`: for ever. */
  days: Map<string, number | null>;
  now: Date;
}

/** Sentences of one kind that are told of one text. */
const TOLD_MAX = 20;
/** Longest text that may be an id. */
const ID_MAX = 200;
const DAY = 86_400_000;

/** What was pasted: an id, or telemetry as a task sends it. */
export function kindOf(pasted: string): 'id' | 'json' | 'long' | 'nothing' {
  const trimmed = pasted.trim();
  if (trimmed === '') return 'nothing';
  if (/^[[{]/.test(trimmed)) return 'json';
  return idOf(trimmed).length > ID_MAX ? 'long' : 'id';
}

/** The id in what was pasted: alone, in quotes, or in the address of an item. */
export function idOf(pasted: string): string {
  const trimmed = pasted.trim().replace(/^["'`\s]+|["'`\s,;]+$/g, '');
  const inAddress = /[/?&](?:item\/|sel=|op\/)([^/?&#\s]+)/.exec(trimmed)?.[1];
  if (inAddress === undefined) return trimmed;
  try {
    return decodeURIComponent(inAddress);
  } catch {
    return inAddress;
  }
}

const everything = 'union requests, dependencies, exceptions, traces, customEvents, pageViews,\n'
  + '  availabilityResults, customMetrics, performanceCounters, browserTimings';

/** The item of an id. */
export function itemKql(id: string): string {
  // The ids that are given are written in small letters.
  const wanted = [...new Set([id, id.toLowerCase()])].map((one) => text(one)).join(', ');
  return lines(everything, `| where itemId in (${wanted})`, '| extend _Cut = _Cut', '| take 1');
}

/** Items that carry a text as the id of their operation, or as an id of the sender's. */
export function alikeKql(id: string): string {
  return lines(
    everything,
    `| where operation_Id == ${text(id)} or id == ${text(id)}`,
    '| summarize Items = count(), arg_max(timestamp, itemId, itemType)',
  );
}

/** What a stored item says of itself. */
export function found(row: Row, arrival: Date | null): string[] {
  const told = [`It is here: a ${String(row.itemType)} of ${String(row.timestamp)}.`];
  const late = lateness(parseTime(row.timestamp), arrival);
  if (late) told.push(`It arrived ${late}: look for it at its own time, which is the sender’s.`);
  const cuts = row._Cut;
  if (cuts && typeof cuts === 'object' && !Array.isArray(cuts)) {
    const lost = Object.entries(cuts).map(([place, was]) => cutText(place, Number(was), row));
    told.push(...lost.slice(0, TOLD_MAX));
  }
  if (Number(row.itemCount) > 1) told.push(sampledText(Number(row.itemCount)));
  return told;
}

function cutText(place: string, was: number, row?: Row): string {
  if (place === MORE) return `${count(was, 'further text', 'further texts')} cut as well.`;
  const kept = row ? ` to ${number(keptAt(row, place))}` : '';
  return `Cut on arrival: ${visible(cut(placeName(place), 100))}, from ${number(was)}`
    + `${kept} characters.`;
}

function sampledText(itemCount: number): string {
  return `Its sender kept 1 in ${number(itemCount)}: the others like it were never sent.`;
}

/** What is known of an id that no item of the application has. */
export function missing(arrival: Date | null, setting: Setting): string[] {
  const told = ['No stored item of this application has this id.'];
  if (!arrival) {
    return [...told, 'It is no id that this server gives: it gives them on arrival. Look for what'
      + ' your task sent, such as its operation or a name, in Search.'];
  }
  if (arrival.getTime() > setting.now.getTime() + 60_000) {
    return [...told, `It would have arrived at ${arrival.toISOString()}, which is yet to come:`
      + ' this server did not give it.'];
  }
  const age = (setting.now.getTime() - arrival.getTime()) / DAY;
  const gone = [...setting.days].filter(([, days]) => days !== null && age > days);
  told.push(`Its id says that it was taken at ${arrival.toISOString()}.`);
  if (gone.length > 0) {
    const tables = gone.slice(0, 10).map(([table, days]) => `${table} ${count(days, 'day')}`);
    told.push(`Its time may be over: rows are kept ${tables.join(', ')}.`);
  } else told.push('It belongs to another application, or it was deleted.');
  return told;
}

function whose({ appId }: Judged, setting: Setting): string | null {
  if (appId === null || appId === setting.appId) return null;
  const name = setting.apps.get(appId);
  return name === undefined
    ? 'Its instrumentation key is that of another application: it is not to be found here.'
    : `Its instrumentation key is that of “${name}”: look for it there.`;
}

function judgedTexts(item: Judged, setting: Setting): string[] {
  const told = [];
  const other = whose(item, setting);
  if (other) told.push(other);
  for (const [place, was] of Object.entries(item.cut ?? {}).slice(0, TOLD_MAX)) {
    told.push(cutText(place, was));
  }
  if ((item.itemCount ?? 1) > 1) told.push(sampledText(item.itemCount ?? 1));
  const days = setting.days.get(item.table);
  const time = parseTime(item.timestamp);
  if (time && typeof days === 'number' && setting.now.getTime() - time.getTime() > days * DAY) {
    told.push(`Its time is ${time.toISOString()}, and rows of ${item.table} are kept`
      + ` ${count(days, 'day')}: it would be dropped again.`);
  }
  return told;
}

/** The verdict about telemetry that was pasted; one sentence a line. */
export function verdict(answer: Validated, setting: Setting): string[] {
  const { itemsReceived: received, itemsAccepted: accepted } = answer;
  if (received === 0) return ['There is no item in it.'];
  const of = (index: number): string => (received === 1 ? '' : `Item ${number(index + 1)}: `);
  const told = answer.errors.map(({ index, statusCode, message }) =>
    `${of(index)}refused (${statusCode}): ${visible(cut(message, 300))}`);
  for (const item of answer.items ?? []) {
    for (const line of judgedTexts(item, setting)) told.push(of(item.index) + line);
  }
  const head = accepted < received ? `${number(accepted)} of ${number(received)} would be taken.`
    : received === 1 ? 'It would be taken.' : `All ${number(received)} would be taken.`;
  const rest = told.length - TOLD_MAX;
  const shown = told.slice(0, TOLD_MAX);
  if (rest > 0) shown.push(`And ${count(rest, 'more finding')}.`);
  if (told.length === 0) {
    shown.push('Nothing is wrong with it: if it is not here, it did not arrive. Look at the errors'
      + ' of its sender and at the address it sends to.');
  }
  return [head, ...shown];
}
