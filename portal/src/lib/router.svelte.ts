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
  /** Whether the last visit was one back or forth to a page that was shown before. */
  isReturn = false;
}

export const place = new Place();

/** What an entry of the browser's history keeps so that Back shows the page as it was left. */
interface Entry {
  /** How far the page was scrolled, in pixels. */
  scroll?: number;
  /** "Now" of its relative time range, milliseconds since 1970. */
  now?: number;
  /** First row in sight of the list of the page. */
  top?: string | undefined;
}

/** What is kept of the page that is shown. */
export function entry(): Entry {
  return (history.state as Entry | null) ?? {};
}

/** Keeps more of the page that is shown. */
export function keepEntry(part: Entry): void {
  history.replaceState({ ...entry(), ...part }, '');
}

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
  if (how === 'push') {
    keepEntry({ scroll: scrollY });
    const { now } = entry();
    history.pushState({ now }, '', target);
  } else history.replaceState(history.state, '', target);
  const before = place.path;
  read();
  if (how === 'push' && before !== place.path) {
    place.isReturn = false;
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

/** A path with the given query; keeps what governs every page: time range, zone, refresh. */
export function link(path: string, query: Changes = {}): string {
  const kept: Changes = {};
  for (const name of ['t', 'from', 'to', 'tz', 'r']) kept[name] = place.query.get(name);
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

/** How long content that comes late is waited for when a page is scrolled as it was, in ms. */
const LATE_MS = 10_000;

/** Scrolls to where the page was left, as soon as it is that long; whoever scrolls goes first. */
function scrollBack(): void {
  const wanted = entry().scroll ?? 0;
  scrollTo(0, wanted);
  if (wanted === 0) return;
  const observer = new ResizeObserver(() => scrollTo(0, wanted));
  const controller = new AbortController();
  const end = (): void => {
    observer.disconnect();
    controller.abort();
  };
  observer.observe(document.body);
  for (const name of ['wheel', 'pointerdown', 'keydown', 'touchstart', 'popstate']) {
    window.addEventListener(name, end, { signal: controller.signal, passive: true });
  }
  setTimeout(end, LATE_MS);
}

let scrolled: ReturnType<typeof setTimeout> | undefined;

/** Follows the address and takes over links to pages of the portal. */
export function startRouter(): void {
  read();
  history.scrollRestoration = 'manual';
  scrollBack();
  window.addEventListener('scroll', () => {
    clearTimeout(scrolled);
    scrolled = setTimeout(() => keepEntry({ scroll: scrollY }), 150);
  }, { passive: true });
  window.addEventListener('popstate', () => {
    clearTimeout(scrolled);
    read();
    place.isReturn = true;
    place.visits += 1;
    scrollBack();
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
