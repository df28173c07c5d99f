/** The complete list of pages; nothing registers a page elsewhere. */

import type { Component } from 'svelte';
import type { IconName } from './ui/Icon.svelte';

/** A part of a path in braces is given to the page as a property of that name. */
export interface PageRoute {
  path: string;
  title: string;
  load: () => Promise<{ default: Component<Record<string, string>> }>;
  /** Whether the time range of the header governs the page. */
  hasRange: boolean;
}

function page(
  path: string,
  title: string,
  load: () => Promise<unknown>,
  hasRange = true,
): PageRoute {
  return { path, title, load: load as PageRoute['load'], hasRange };
}

export const routes: PageRoute[] = [
  page('/a/{app}/overview', 'Overview', () => import('./pages/overview/Overview.svelte')),
  page('/a/{app}/metrics', 'Metrics', () => import('./pages/metrics/Metrics.svelte')),
  page('/a/{app}/search', 'Search', () => import('./pages/search/Search.svelte')),
  page('/a/{app}/item/{itemId}', 'Item', () => import('./pages/item/Item.svelte'), false),
  page('/a/{app}/op/{operationId}', 'Operation',
    () => import('./pages/operation/Operation.svelte'), false),
  page('/a/{app}/logs', 'Logs', () => import('./pages/logs/Logs.svelte')),
  page('/ci', 'CI health', () => import('./pages/ci/Health.svelte')),
  page('/ci/pipelines/{source}/{project}/{definition}', 'Pipeline',
    () => import('./pages/ci/Pipeline.svelte')),
  page('/ci/builds', 'Builds', () => import('./pages/ci/Builds.svelte')),
  page('/ci/builds/{source}/{project}/{buildId}', 'Build',
    () => import('./pages/ci/Build.svelte'), false),
  page('/ci/failures', 'Failures', () => import('./pages/ci/Failures.svelte')),
  page('/ci/failures/{fingerprint}', 'Failure', () => import('./pages/ci/Failure.svelte')),
  page('/ci/known', 'Known issues', () => import('./pages/ci/KnownIssues.svelte'), false),
  page('/ci/known/{id}', 'Known issue', () => import('./pages/ci/KnownIssue.svelte')),
  page('/ci/tests', 'Tests', () => import('./pages/ci/TestList.svelte')),
  page('/ci/tests/{testId}', 'Test', () => import('./pages/ci/TestPage.svelte')),
  page('/ci/badges', 'Badges', () => import('./pages/badges/Badges.svelte'), false),
  page('/ci/hooks', 'Service hooks', () => import('./pages/hooks/Hooks.svelte'), false),
  page('/setup', 'Set-up', () => import('./pages/setup/Setup.svelte'), false),
  page('/setup/keys', 'Keys', () => import('./pages/keys/Keys.svelte'), false),
  page('/setup/data', 'Data health', () => import('./pages/data/Data.svelte'), false),
  page('/setup/saved', 'Saved queries', () => import('./pages/saved/Saved.svelte'), false),
  page('/sign-in', 'Sign in', () => import('./pages/sign-in/SignIn.svelte'), false),
];

export interface Match {
  route: PageRoute;
  parameters: Record<string, string>;
}

/** The page of a path and what its braces stand for; `null`: there is none. */
export function match(path: string, list: PageRoute[] = routes): Match | null {
  const parts = path.replace(/\/+$/, '').split('/');
  for (const route of list) {
    const wanted = route.path.split('/');
    if (wanted.length !== parts.length) continue;
    const parameters: Record<string, string> = {};
    const isFound = wanted.every((want, index) => {
      const part = parts[index] ?? '';
      if (!want.startsWith('{')) return want === part;
      const value = decode(part);
      if (!value) return false;
      parameters[want.slice(1, -1)] = value;
      return true;
    });
    if (isFound) return { route, parameters };
  }
  return null;
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

export interface NavItem {
  label: string;
  icon: IconName;
  /** A path; `{app}` stands for the current application. */
  path: string;
  /** Second key after `g`. */
  key?: string;
}

export const navigation: { title: string; items: NavItem[] }[] = [
  {
    title: '',
    items: [{ label: 'Overview', icon: 'overview', path: '/a/{app}/overview', key: 'o' }],
  },
  {
    title: 'Investigate',
    items: [
      { label: 'Metrics', icon: 'metrics', path: '/a/{app}/metrics', key: 'm' },
      { label: 'Search', icon: 'search', path: '/a/{app}/search', key: 's' },
      { label: 'Logs', icon: 'logs', path: '/a/{app}/logs', key: 'l' },
    ],
  },
  {
    title: 'CI',
    items: [
      { label: 'Health', icon: 'health', path: '/ci', key: 'c' },
      { label: 'Builds', icon: 'builds', path: '/ci/builds', key: 'b' },
      { label: 'Failures', icon: 'failures', path: '/ci/failures', key: 'f' },
      { label: 'Known issues', icon: 'known', path: '/ci/known' },
      { label: 'Tests', icon: 'tests', path: '/ci/tests', key: 't' },
      { label: 'Badges', icon: 'badge', path: '/ci/badges' },
      { label: 'Service hooks', icon: 'hook', path: '/ci/hooks' },
    ],
  },
  {
    title: 'Set up',
    items: [
      { label: 'Set-up', icon: 'setup', path: '/setup' },
      { label: 'Keys', icon: 'key', path: '/setup/keys' },
      { label: 'Data health', icon: 'data', path: '/setup/data' },
      { label: 'Saved queries', icon: 'saved', path: '/setup/saved' },
    ],
  },
];
