/** What the jump box finds for a text. */

import { appPath, session } from '../lib/session.svelte';
import { navigation } from '../routes';
import type { IconName } from '../ui/Icon.svelte';

export interface Place {
  label: string;
  about: string;
  icon: IconName;
  path: string;
  /** The path has a query of its own. */
  isPath?: boolean;
}

function pages(): Place[] {
  return navigation.flatMap((group) => group.items.map((item) => ({
    label: item.label,
    about: item.key ? `g ${item.key}` : '',
    icon: item.icon,
    path: item.path.replace('/a/{app}/', `${appPath('')}`),
  })));
}

function applications(): Place[] {
  return (session.info?.apps ?? []).map((app) => ({
    label: app.name,
    about: 'Application',
    icon: 'overview' as const,
    path: `/a/${encodeURIComponent(app.name)}/overview`,
  }));
}

/** Tells of places for `text`, first those known here, then those the server finds. */
export async function places(
  text: string,
  signal: AbortSignal,
  found: (list: Place[]) => void,
): Promise<void> {
  const word = text.trim().toLowerCase();
  const known = [...pages(), ...applications()];
  const here = known.filter((place) => place.label.toLowerCase().includes(word));
  const search: Place = {
    label: `Search for “${text.trim()}”`,
    about: 'Search',
    icon: 'search',
    path: `${appPath('search')}?q=${encodeURIComponent(text.trim())}`,
    isPath: true,
  };
  found(word === '' ? here : [...here, search]);
  signal.throwIfAborted();
}
