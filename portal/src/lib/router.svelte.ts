/** Where the reader is: the address is the state. */

/** The path all pages are below, with a slash at its end. */
export const base: string =
  typeof document === 'undefined' ? '/' : new URL(document.baseURI).pathname;

class Place {
  /** Without the base: starts with `/`. */
  path = $state('/');
  query = $state.raw(new URLSearchParams());
  /** Counts what the reader went to, so that focus can follow. */
  visits = $state(0);
}

export const place = new Place();

function read(): void {
  const path = location.pathname;
  place.path = `/${path.startsWith(base) ? path.slice(base.length) : path.replace(/^\//, '')}`;
  place.query = new URLSearchParams(location.search);
}

/** The address of a path of the portal, for `href`. */
export function href(path: string): string {
  return base + path.replace(/^\//, '');
}

/** Goes to a path with its query; `replace` while something is edited. */
export function go(path: string, how: 'push' | 'replace' = 'push'): void {
  const target = href(path);
  if (target === location.pathname + location.search) return;
  if (how === 'push') history.pushState(null, '', target);
  else history.replaceState(history.state, '', target);
  const before = place.path;
  read();
  if (how === 'push' && before !== place.path) {
    place.visits += 1;
    scrollTo(0, 0);
  }
}

export type Changes = Record<string, string | string[] | null | undefined>;

/** The query with `changes`: a list repeats a name, `null` takes it away. */
export function changed(query: URLSearchParams, changes: Changes): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    const values = Array.isArray(value) ? value : value === null ? [] : [value];
    for (const one of values) if (one !== undefined && one !== '') next.append(name, one);
  }
  return next;
}

/** A path with the given query; keeps what governs every page: time range and zone. */
export function link(path: string, query: Changes = {}): string {
  const kept: Changes = {};
  for (const name of ['t', 'from', 'to', 'tz']) kept[name] = place.query.get(name);
  const text = readable(changed(new URLSearchParams(), { ...kept, ...query }));
  return text === '' ? path : `${path}?${text}`;
}

/** Changes the query of the page that is shown. */
export function setQuery(changes: Changes, how: 'push' | 'replace' = 'push'): void {
  const text = readable(changed(place.query, changes));
  go(text === '' ? place.path : `${place.path}?${text}`, how);
}

/** Percent-encodes no more than it must, so that addresses can be read. */
function readable(query: URLSearchParams): string {
  return query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/');
}

/** Follows the address and takes over links to pages of the portal. */
export function startRouter(): void {
  read();
  window.addEventListener('popstate', () => {
    read();
    place.visits += 1;
  });
  window.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const anchor = (event.target as Element | null)?.closest?.('a');
    if (!anchor || anchor.target || anchor.hasAttribute('download')) return;
    const url = new URL(anchor.href, document.baseURI);
    if (url.origin !== location.origin || !url.pathname.startsWith(base)) return;
    const path = `/${url.pathname.slice(base.length)}`;
    if (/^\/(api|v1|v2|badges|hooks|s)\//.test(path) || url.hash !== '') return;
    event.preventDefault();
    go(path + url.search);
  });
}
