/** Where a reader goes after signing in. */

/**
 * The path of the portal, without the base, that `to` names; the first page when it names anything
 * else: another origin, a path outside of the portal, the sign-in page itself.
 */
export function targetOf(to: string | null, base: string): string {
  if (to === null) return '/';
  const origin = 'http://portal.invalid';
  let url: URL;
  try {
    url = new URL(to, origin);
  } catch {
    return '/';
  }
  const isOurs = url.origin === origin && to.startsWith('/') && url.pathname.startsWith(base);
  if (!isOurs) return '/';
  const path = `/${url.pathname.slice(base.length)}`;
  return path === '/sign-in' || path.startsWith('//') ? '/' : path + url.search;
}

/** Whether the server has to be asked where it leads: a short link. */
export function isShortLink(path: string): boolean {
  return /^\/s\/[^/?#]+$/.test(path);
}
