/** Saved queries: the calls, and the text of their files. */

import { getJson, sendJson } from '../../lib/api';

export interface SavedText {
  name: string;
  folder: string;
  description: string;
  tags: string[];
  kql: string;
}

export interface SavedQuery extends SavedText {
  id: string;
  origin: 'shipped' | 'own';
  etag: string;
}

export interface SavedList {
  queries: SavedQuery[];
  /** Files of the folder that are no saved queries, and why. */
  problems?: { file: string; message: string }[];
}

export function listSaved(signal?: AbortSignal): Promise<SavedList> {
  return getJson<SavedList>('api/portal/saved', signal);
}

/** Stores a query; without `etag` it must be a new one. */
export function save(id: string, saved: SavedText, etag: string | null): Promise<SavedQuery> {
  const condition: Record<string, string> = etag === null
    ? { 'If-None-Match': '*' } : { 'If-Match': etag };
  const { name, folder, description, tags, kql } = saved;
  return sendJson<SavedQuery>(
    'PUT', `api/portal/saved/${encodeURIComponent(id)}`,
    { name, folder, description, tags, kql }, { headers: condition },
  );
}

export function remove(saved: SavedQuery): Promise<void> {
  return sendJson(
    'DELETE', `api/portal/saved/${encodeURIComponent(saved.id)}`, undefined,
    { headers: { 'If-Match': saved.etag } },
  );
}

/** An id for a name: what its file is called. */
export function idOf(name: string): string {
  return name.normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '').slice(0, 60).replace(/-+$/, '') || 'query';
}

/** An id that none of `taken` has. */
export function freeId(name: string, taken: Iterable<string>): string {
  const all = new Set(taken);
  const id = idOf(name);
  if (!all.has(id)) return id;
  for (let number = 2; ; number += 1) if (!all.has(`${id}-${number}`)) return `${id}-${number}`;
}

export function tagsOf(written: string): string[] {
  return [...new Set(written.split(',').map((tag) => tag.trim()).filter((tag) => tag !== ''))];
}

const header = /^\/\/\s*(name|folder|description|tags):[ \t]*(.*)$/;

/** The text of a `.kql` file: a comment with what describes the query, then the query. */
export function writeFile(saved: SavedText): string {
  const line = (key: string, value: string) => (
    value === '' ? [] : [`// ${key}: ${value.replace(/\s*\n\s*/g, ' ')}`]
  );
  return [
    ...line('name', saved.name),
    ...line('folder', saved.folder),
    ...line('description', saved.description),
    ...line('tags', saved.tags.join(', ')),
    '',
    saved.kql.trimEnd(),
    '',
  ].join('\n');
}

/** Reads such a file; the rest of its comments belong to the query. */
export function readFile(file: string, content: string): SavedText {
  const lines = content.replace(/^\ufeff/, '').replaceAll('\r\n', '\n').split('\n');
  const found: Record<string, string> = {};
  let at = 0;
  for (; at < lines.length; at += 1) {
    const [, key, value] = header.exec(lines[at] ?? '') ?? [];
    if (key === undefined) break;
    found[key] = (value ?? '').trim();
  }
  return {
    name: found.name || file.replace(/\.(kql|csl|txt)$/i, ''),
    folder: found.folder ?? '',
    description: found.description ?? '',
    tags: tagsOf(found.tags ?? ''),
    kql: lines.slice(at).join('\n').trim(),
  };
}

/** Queries by their folder, folders and names in order. */
export function byFolder(queries: SavedQuery[], filter = ''): [string, SavedQuery[]][] {
  const words = filter.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const folders = new Map<string, SavedQuery[]>();
  for (const query of queries) {
    const text = [query.name, query.folder, query.description, ...query.tags, query.kql]
      .join('\n').toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    folders.set(query.folder, [...(folders.get(query.folder) ?? []), query]);
  }
  return [...folders]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([folder, list]) => [folder, list.toSorted((a, b) => a.name.localeCompare(b.name))]);
}
