/** Kinds of telemetry items: their tables, names and what stands for an item in one line. */

import type { StatusKind } from '../ui/Status.svelte';
import type { IconName } from '../ui/Icon.svelte';
import { duration } from './format';
import { text } from './kql';
import type { Row } from './query';

export interface ItemKind {
  /** As the column `itemType` has it. */
  type: string;
  /** As addresses have it. */
  short: string;
  table: string;
  label: string;
  many: string;
  icon: IconName;
  /** Metric of the Metrics page that counts such items; empty: none does. */
  metric: string;
}

/** What Search and Operation show; in this order. */
export const kinds: ItemKind[] = [
  {
    type: 'request', short: 'request', table: 'requests', label: 'Request', many: 'Requests',
    icon: 'request', metric: 'requests',
  },
  {
    type: 'dependency', short: 'dependency', table: 'dependencies', label: 'Dependency',
    many: 'Dependencies', icon: 'dependency', metric: 'dependencies',
  },
  {
    type: 'exception', short: 'exception', table: 'exceptions', label: 'Exception',
    many: 'Exceptions', icon: 'failures', metric: 'exceptions',
  },
  {
    type: 'trace', short: 'trace', table: 'traces', label: 'Trace', many: 'Traces',
    icon: 'trace', metric: 'traces',
  },
  {
    type: 'customEvent', short: 'event', table: 'customEvents', label: 'Event', many: 'Events',
    icon: 'event', metric: 'events',
  },
  {
    type: 'pageView', short: 'pageView', table: 'pageViews', label: 'Page view',
    many: 'Page views', icon: 'page', metric: 'pageViews',
  },
  {
    type: 'availabilityResult', short: 'availability', table: 'availabilityResults',
    label: 'Availability result', many: 'Availability', icon: 'pulse', metric: 'availability',
  },
];

/** Kinds that have an item page as well but are numbers rather than happenings. */
const otherKinds: ItemKind[] = [
  {
    type: 'customMetric', short: 'metric', table: 'customMetrics', label: 'Metric',
    many: 'Metrics', icon: 'metrics', metric: '',
  },
  {
    type: 'performanceCounter', short: 'counter', table: 'performanceCounters',
    label: 'Performance counter', many: 'Performance counters', icon: 'metrics',
    metric: '',
  },
  {
    type: 'browserTiming', short: 'browserTiming', table: 'browserTimings',
    label: 'Browser timing', many: 'Browser timings', icon: 'page', metric: '',
  },
];

/** The kind of a value of `itemType`; `null`: unknown. */
export function kindOf(type: unknown): ItemKind | null {
  return [...kinds, ...otherKinds].find((kind) => kind.type === type) ?? null;
}

/** The tables of Search and Operation as a source of KQL. */
export const allItems = `union ${kinds.map((kind) => kind.table).join(', ')}`;

/** All tables whose rows have an `itemId`. */
export const everyItem = `union ${[...kinds, ...otherKinds].map((kind) => kind.table).join(', ')}`;

/** Columns of `allItems` that a reader may filter and group by. */
export const itemColumns = [
  'itemType', 'name', 'message', 'success', 'resultCode', 'duration', 'severityLevel', 'type',
  'target', 'data', 'url', 'source', 'problemId', 'outerType', 'outerMessage', 'innermostType',
  'innermostMessage', 'method', 'assembly', 'handledAt', 'location', 'size', 'performanceBucket',
  'operation_Name', 'operation_Id', 'operation_ParentId', 'operation_SyntheticSource',
  'session_Id', 'user_Id', 'user_AuthenticatedId', 'user_AccountId', 'application_Version',
  'client_Type', 'client_Model', 'client_OS', 'client_IP', 'client_City',
  'client_StateOrProvince', 'client_CountryOrRegion', 'client_Browser', 'cloud_RoleName',
  'cloud_RoleInstance', 'sdkVersion', 'id', 'itemId', 'itemCount',
];

/** Longest text of a value in a list; what is cut is marked by `…`. */
export const LIST_TEXT_MAX = 300;

/** An expression of one line that stands for an item: its name, message or error. */
export const whatKql = `substring(case(
    itemType == "exception", strcat(outerType, ": ", outerMessage),
    itemType == "trace", message,
    name), 0, ${LIST_TEXT_MAX + 1})`;

/** Severity levels by their numbers. */
export const severities = ['Verbose', 'Information', 'Warning', 'Error', 'Critical'];

/** Whether an item is an error: it failed, or says so itself. */
export function isError(row: Row): boolean {
  if (String(row.success).toLowerCase() === 'false') return true;
  return row.itemType === 'exception' || Number(row.severityLevel ?? 0) >= 3;
}

/** How an item ended; `null`: it cannot end well or badly. */
export function resultOf(row: Row): StatusKind | null {
  const success = String(row.success ?? '').toLowerCase();
  if (success === 'true' || success === '1') return 'pass';
  if (success === 'false' || success === '0') return 'fail';
  if (row.itemType === 'exception') return 'fail';
  return null;
}

/** Nanoseconds since 1970 that the server writes into the first half of an id it gives. */
const ID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** When the item of an id arrived; `null`: the id does not tell. */
export function arrivalOf(itemId: string): Date | null {
  const found = ID.exec(itemId);
  if (!found) return null;
  const nanos = BigInt(`0x${found[1]}${found[2]}${found[3]}`);
  const time = new Date(Number(nanos / 1_000_000n));
  const year = time.getUTCFullYear();
  return year >= 2020 && year < 2100 ? time : null;
}

const LATE = 5 * 60_000;

/** How long after or before its time an item arrived; `null`: not worth telling, or not known. */
export function lateness(time: Date | null, arrival: Date | null): string | null {
  if (!time || !arrival) return null;
  const by = arrival.getTime() - time.getTime();
  if (Math.abs(by) <= LATE) return null;
  return by > 0 ? `${duration(by)} after its time` : `${duration(-by)} before its time`;
}

/** `where` of an id. */
export function whereItem(itemId: string): string {
  return `| where itemId == ${text(itemId)}`;
}
