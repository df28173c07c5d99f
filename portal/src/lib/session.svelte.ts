/** Who the reader is, which applications and sources there are, whether the server answers. */

import { getJson, sendJson, watchers } from './api';
import { place } from './router.svelte';
import { keep, recall } from './storage';

export interface Application {
  name: string;
  appId: string;
  instrumentationKey?: string;
  connectionString?: string;
}

export interface Source {
  name: string;
  base: string;
  projects: string[];
}

/** Where others reach the server. */
export interface Address {
  url: string;
  isPlainHttp: boolean;
  isLoopback: boolean;
  /** Where this process itself serves HTTPS. */
  tlsUrl?: string;
  /** That of this process; to who may ask. */
  certificate?: Certificate | null;
}

export interface Certificate {
  /** Where it is shown, unless a proxy stands before. */
  url: string;
  host: string;
  coversHost: boolean;
  origin: 'generated' | 'selfSigned' | 'private' | 'public';
  issuer: string;
  names: string[];
  /** Further names. */
  namesLeft: number;
  ends: string;
  daysLeft: number;
}

export interface SessionInfo {
  signedIn: boolean;
  needsKey: boolean;
  name: string;
  canAdmin: boolean;
  version: string;
  build: string;
  now: string;
  /** Rows of an answer that Logs may show. */
  rowsMax: number;
  defaultApp: string;
  apps: Application[];
  sources: Source[];
  address: Address;
  createdKey?: string;
}

class Session {
  info = $state.raw<SessionInfo | null>(null);
  /** Seconds until the next try while the server is not reached; 0: it is. */
  retryIn = $state(0);
  /** A newer server answered than the one this page came from. */
  isOld = $state(false);
}

export const session = new Session();

export async function loadSession(): Promise<void> {
  session.info = await getJson<SessionInfo>('api/portal/session');
}

export async function signIn(credentials: { key: string } | { token: string }): Promise<void> {
  session.info = await sendJson<SessionInfo>('POST', 'api/portal/session', credentials);
}

export async function signOut(): Promise<void> {
  await sendJson('DELETE', 'api/portal/session');
  await loadSession();
}

/** The application of the page: the address names it, else the one seen last, else the default. */
export function currentApp(): string {
  const named = /^\/a\/([^/]+)/.exec(place.path)?.[1];
  if (named) {
    const name = decoded(named);
    keep('app', name);
    return name;
  }
  const kept = recall('app');
  const apps = session.info?.apps ?? [];
  if (kept && apps.some((app) => app.name === kept)) return kept;
  return session.info?.defaultApp ?? 'default';
}

/** A part of a path; one that nobody encoded stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The application as the server describes it. */
export function appInfo(name: string): Application | undefined {
  return session.info?.apps.find((app) => app.name === name || app.appId === name);
}

/** Whether the address names an application that this reader does not have. */
export function isUnknownApp(): boolean {
  const apps = session.info?.apps ?? [];
  if (apps.length === 0 || !place.path.startsWith('/a/')) return false;
  const name = currentApp().toLowerCase();
  return name !== 'default'
    && !apps.some((app) => [app.name, app.appId].some((known) => known.toLowerCase() === name));
}

/** A path of a page of the current application. */
export function appPath(page: string): string {
  return `/a/${encodeURIComponent(currentApp())}/${page}`;
}

let wait = 0;
let timer: ReturnType<typeof setInterval> | undefined;

async function tryAgain(): Promise<void> {
  try {
    await loadSession();
  } catch {
    // `failed` was told.
  }
}

/** Keeps trying while the server does not answer: after 1, 2, 4 … 30 seconds. */
export function watchServer(): void {
  watchers.answered = (build) => {
    clearInterval(timer);
    timer = undefined;
    wait = 0;
    session.retryIn = 0;
    const known = session.info?.build;
    if (known && build && known !== build) session.isOld = true;
  };
  watchers.unauthorized = () => {
    // The session has ended: what the page is told now leads to signing in.
    if (session.info?.signedIn) void tryAgain();
  };
  watchers.failed = () => {
    if (timer) return;
    wait = Math.min(wait === 0 ? 1 : wait * 2, 30);
    session.retryIn = wait;
    timer = setInterval(() => {
      session.retryIn -= 1;
      if (session.retryIn > 0) return;
      clearInterval(timer);
      timer = undefined;
      session.retryIn = 1;
      void tryAgain();
    }, 1000);
  };
}
