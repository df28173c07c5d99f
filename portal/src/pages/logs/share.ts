/** A query taken elsewhere: addresses, Markdown, and commands for the three APIs. */

import { sendJson } from '../../lib/api';
import type { Declared } from '../../lib/query';
import { href, link } from '../../lib/router.svelte';
import { curlOf, logsPath, queryParameter } from '../../lib/share';
import type { Range } from '../../lib/time';
import { addressOfValues, withValues, type Values } from './parameters';

export interface Shared {
  app: string;
  kql: string;
  range: Range;
  /** The text says itself which time is meant: the range does not count. */
  isTimeInText: boolean;
  tab: string;
  /** What files are called after. */
  title: string;
  declared: Declared[];
  values: Values;
}

/** The path of the page with this query, which it runs. */
export async function pathOf(shared: Shared, isFixed: boolean): Promise<string> {
  const times = isFixed
    ? { t: null, from: shared.range.from.toISOString(), to: shared.range.to.toISOString() } : {};
  return link(logsPath(shared.app), {
    ...(await queryParameter(shared.kql)),
    ...addressOfValues(shared.values, shared.kql),
    tab: shared.tab === 'results' ? null : shared.tab,
    run: '1',
    ...times,
  });
}

export async function addressOf(shared: Shared, isFixed = false): Promise<string> {
  return location.origin + href(await pathOf(shared, isFixed));
}

/** A short address that leads to the page. */
export async function shortOf(shared: Shared): Promise<string> {
  const path = await pathOf(shared, true);
  const made = await sendJson<{ id: string; url: string }>('POST', 'api/portal/links', { path });
  return new URL(made.url, document.baseURI).href;
}

/** The query as it answers the same elsewhere: with its values as defaults. */
export function textOf({ kql, declared, values }: Shared): string {
  return withValues(kql, declared, values);
}

/** The query as Markdown, with a link to it; longer fences than any in the query. */
export async function markdownOf(shared: Shared): Promise<string> {
  const longest = Math.max(2, ...[...shared.kql.matchAll(/`+/g)].map(([found]) => found.length));
  const fence = '`'.repeat(longest + 1);
  const anchor = `[Open in Telltale](${await addressOf(shared)})`;
  return `${anchor}\n\n${fence}kusto\n${textOf(shared)}\n${fence}\n`;
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

function command(path: string, body: unknown): string {
  return [
    `curl -sS ${quoted(location.origin + href(path))}`,
    `-H 'Content-Type: application/json' -H "x-api-key: $TELLTALE_KEY"`,
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(' \\\n  ');
}

/** The range, where it counts. */
export function rangeOf({ range, isTimeInText }: Shared): Range | null {
  return isTimeInText ? null : range;
}

export const commands: { label: string; of: (shared: Shared) => string }[] = [
  {
    label: 'Application Insights',
    of: (shared) => curlOf(shared.app, textOf(shared), rangeOf(shared)),
  },
  {
    label: 'Log Analytics',
    of: (shared) => {
      const range = rangeOf(shared);
      return command(`/v1/workspaces/${encodeURIComponent(shared.app)}/query`, {
        query: textOf(shared),
        ...(range ? { timespan: `${iso(range.from)}/${iso(range.to)}` } : {}),
      });
    },
  },
  {
    label: 'Kusto',
    of: (shared) => {
      const { app, kql, values } = shared;
      const range = rangeOf(shared);
      const options = range ? {
        Options: {
          query_datetimescope_from: iso(range.from), query_datetimescope_to: iso(range.to),
        },
      } : {};
      const given = Object.keys(values).length > 0 ? { Parameters: values } : {};
      return command('/v2/rest/query', { db: app, csl: kql, properties: { ...options, ...given } });
    },
  },
];

function iso(time: Date): string {
  return time.toISOString();
}

/** Asks for the whole answer as a file; the browser writes it while it comes. */
export function exportAs(
  format: 'csv' | 'ndjson' | 'parquet',
  { app, kql, range, title, values }: Shared,
): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = href('/api/portal/export');
  // An error is shown there and not instead of this page.
  form.target = '_blank';
  const fields = {
    app, kql, from: iso(range.from), to: iso(range.to), format, name: title,
    parameters: JSON.stringify(values),
  };
  for (const [key, value] of Object.entries(fields)) {
    const field = document.createElement('input');
    field.type = 'hidden';
    field.name = key;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
  form.remove();
}
