/** Keys as the server describes them, and what each scope opens in words. */

export interface Key {
  id: string;
  name: string;
  state: 'live' | 'expired' | 'revoked';
  scopes: string[];
  /** Names; `null`: all. */
  applications: string[] | null;
  created: string | null;
  expires: string | null;
  revoked: string | null;
  ratePerMinute: number | null;
  projects: string[] | null;
  lastUsed: string | null;
}

export interface MadeKey extends Key {
  /** The text of the key; shown once. */
  key: string;
  anyAdmin: boolean;
}

export const scopes: { name: string; label: string; about: string }[] = [
  { name: 'query', label: 'Ask', about: 'Queries, and signing in to these pages.' },
  { name: 'ingest', label: 'Send', about: 'Telemetry and rows of own tables.' },
  { name: 'hook', label: 'Hook', about: 'Events of pipelines and releases from Azure DevOps.' },
  {
    name: 'admin',
    label: 'Administer',
    about: 'Everything: applications, keys, tables, badges, the audit.',
  },
];

/** Ends that can be chosen; an empty value means never. */
export const ends: { value: string; label: string }[] = [
  { value: '30d', label: 'In 30 days' },
  { value: '90d', label: 'In 90 days' },
  { value: '365d', label: 'In a year' },
  { value: '', label: 'Never' },
];

/** What ending a key means for whoever uses it. */
export function consequence(key: Key): string {
  const parts: string[] = [];
  if (key.scopes.includes('hook')) {
    parts.push('Azure DevOps is told that the hook is gone and disables its subscriptions;'
      + ' badges stay as they are.');
  }
  if (key.scopes.some((scope) => scope === 'query' || scope === 'admin')) {
    parts.push('Whoever asks with it is refused, and signed out of these pages.');
  }
  if (key.scopes.includes('ingest')) {
    parts.push('What is sent with it is refused where sending needs a key.');
  }
  return `${parts.join(' ')} This cannot be undone.`;
}

/** What else is lost with a key; `own` is the name of the reader's. */
export function warnings(key: Key, all: Key[], own: string): string[] {
  const found: string[] = [];
  if (key.name === own) found.push('It is the key you are signed in with: you will be signed out.');
  const administers = (other: Key): boolean =>
    other.state === 'live' && other.scopes.includes('admin') && other.applications === null;
  if (administers(key) && !all.some((other) => other.id !== key.id && administers(other))) {
    found.push('It is the last key that may administer. Another can then be made only with'
      + ' “telltale keys create NAME --scope admin --data FOLDER” while the server is stopped.');
  }
  return found;
}
