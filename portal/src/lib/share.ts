/** Taking queries and results elsewhere: links, curl, CSV. */

import type { Cell, Table } from './query';
import { base } from './router.svelte';
import type { Range } from './time';

/** The page of queries of an application. */
export function logsPath(app: string): string {
  return `/a/${encodeURIComponent(app)}/logs`;
}

/** A word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A command that asks the same of the Application Insights API. */
export function curlOf(app: string, kql: string, range: Range | null): string {
  const url = `${location.origin}${base}v1/apps/${encodeURIComponent(app)}/query`;
  const timespan = range ? `${range.from.toISOString()}/${range.to.toISOString()}` : undefined;
  const body = JSON.stringify({ query: kql, timespan });
  return [
    `curl -sS ${quoted(url)}`,
    `-H 'Content-Type: application/json' -H "x-api-key: $TELLTALE_KEY"`,
    `-d ${quoted(body)}`,
  ].join(' \\\n  ');
}

/** A cell as text: what is structured as JSON. */
export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

/** A field of CSV; what a spreadsheet would run as a formula is made harmless. */
export function csvField(cell: Cell | undefined): string {
  let text = cellText(cell);
  if (typeof cell === 'string' && /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+$/.test(text)) {
    text = `'${text}`;
  }
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The table as CSV by RFC 4180, with a header. */
export function toCsv(table: Table): string {
  const lines = [table.schema.map((found) => csvField(found.name)).join(',')];
  for (let row = 0; row < table.rows; row += 1) {
    lines.push(table.columns.map((cells) => csvField(cells[row])).join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** A name of a file: what it is of and when, without signs that mean something anywhere. */
export function fileName(of: string, ending: string, at = new Date()): string {
  const plain = of.replace(/[^A-Za-z0-9_]+/g, '-').slice(0, 80).replace(/^-+|-+$/g, '') || 'query';
  return `${plain}-${at.toISOString().slice(0, 19).replaceAll(':', '-')}.${ending}`;
}

/** Offers `content`, a text, bytes or a data URL, as a file. */
export function download(
  file: string,
  type: string,
  content: string | Uint8Array<ArrayBuffer>,
): void {
  const isUrl = typeof content === 'string' && content.startsWith('data:');
  const url = isUrl ? content : URL.createObjectURL(new Blob([content], { type }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = file.replace(/[^\w .-]+/g, '_');
  anchor.click();
  if (!isUrl) setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** base64url of the text packed by deflate, for addresses. */
export async function pack(text: string): Promise<string> {
  const packed = await through(new CompressionStream('deflate-raw'), new TextEncoder().encode(text));
  let binary = '';
  for (const byte of packed) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The text that `pack` gave; fails when it is not one. */
export async function unpack(packed: string): Promise<string> {
  const binary = atob(packed.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (found) => found.charCodeAt(0));
  return new TextDecoder().decode(await through(new DecompressionStream('deflate-raw'), bytes));
}

async function through(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const readable = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(readable).arrayBuffer());
}

/** Longest encoded query that stands in an address as it is. */
const PLAIN_MAX = 1800;

/** The parameters that carry a query's text: `q`, or packed `qz` when it is long. */
export async function queryParameter(
  kql: string,
): Promise<{ q: string | null; qz: string | null }> {
  if (encodeURIComponent(kql).length <= PLAIN_MAX) return { q: kql, qz: null };
  return { q: null, qz: await pack(kql) };
}
