/** Badges as the server describes them, and how they are put into documents. */

export type Visibility = 'public' | 'token' | 'signed-in';

export interface Choice {
  alias?: string;
  visibility?: Visibility;
  shows?: 'succeeded' | 'all' | 'running';
  style?: string;
  palette?: 'current' | 'classic';
  label?: string;
  message?: string;
  labelColor?: string;
  logo?: string;
  showStarted?: boolean;
  showStatus?: boolean;
  seedColors?: boolean;
  cacheSeconds?: number;
}

export interface Badge {
  id: string;
  kind: 'release' | 'strip' | 'query';
  label: string;
  message: string;
  color: string;
  link: string | null;
  changed: string | null;
  visibility: Visibility;
  cacheSeconds: number;
  choice: Choice;
  urls: { readable?: string; seed?: string; alias?: string; token?: string };
  names?: Record<string, string | null>;
  /** The definition or environment is gone. */
  orphan?: { since: string; reason: string };
  kql?: string;
  application?: string;
  everySeconds?: number;
  thresholds?: { from: number; color: string }[];
  answered?: string | null;
  tried?: string | null;
  failures?: number;
  error?: string;
}

/** What a badge would show with another choice. */
export interface Preview {
  label: string;
  message: string;
  svg: string;
  /** What templates know, and what it is now. */
  fields: { name: string; value: string }[];
}

export interface NoBadge {
  subscriptionId: string;
  organization: string;
  projectId: string;
  eventType: string;
  reason: string;
  at: string | null;
}

export const styles = ['flat', 'flat-square', 'plastic', 'for-the-badge', 'social'];

export const visibilities: { value: Visibility; label: string; about: string }[] = [
  {
    value: 'token',
    label: 'By token',
    about: 'Who has the address with its token; the address tells no names.',
  },
  { value: 'public', label: 'Public', about: 'Everybody; readable addresses tell names.' },
  { value: 'signed-in', label: 'Signed in', about: 'Only who has a key.' },
];

/** The address that works for those who may see the badge; what a README needs. */
export function address(badge: Badge): string {
  const { token, alias, readable, seed } = badge.urls;
  if (badge.visibility === 'token' && token) return token;
  return alias ?? readable ?? seed ?? token ?? '';
}

/** The path of an address below the portal's base, so that pictures come from this origin. */
export function localPath(url: string): string {
  return url.replace(/^.*?\/badges\//, 'badges/');
}

/** The newest picture, also while a cache may keep an older one. */
export function picture(badge: Badge): string {
  return `${localPath(address(badge))}?v=${encodeURIComponent(badge.changed ?? '')}`;
}

/** Only web pages are led to. */
function page(link: string | null): string {
  return link && /^https?:\/\/[^\s<>"'`]+$/.test(link) ? link : '';
}

/** The badge in the languages of documents; `url` is the picture's address. */
export function documents(badge: Badge, url: string): { label: string; text: string }[] {
  // The label alone: what the picture says changes, the text beside it does not.
  const words = badge.label.replace(/[\u0000-\u001f]+/g, ' ');
  const link = page(badge.link);
  const plain = words.replace(/[[\]()<>"'`*_\\{}|^]/g, '');
  const picture = `![${plain}](${url})`;
  const image = `<img alt="${plain.replaceAll('&', '&amp;')}" src="${url.replaceAll('&', '&amp;')}">`;
  return [
    { label: 'Markdown', text: link ? `[${picture}](${link})` : picture },
    { label: 'HTML', text: link ? `<a href="${link.replaceAll('&', '&amp;')}">${image}</a>` : image },
    { label: 'AsciiDoc', text: `image:${url}[${plain}${link ? `,link=${link}` : ''}]` },
    {
      label: 'reStructuredText',
      text: `.. image:: ${url}\n   :alt: ${plain}${link ? `\n   :target: ${link}` : ''}`,
    },
    { label: 'Address', text: url },
  ];
}

/** Pipeline and environment as one line. */
export function title(badge: Badge): string {
  const { definition, environment } = badge.names ?? {};
  if (badge.kind === 'release' && definition) return `${definition} · ${environment ?? ''}`;
  if (badge.kind === 'strip') return `${badge.label} · all environments`;
  return badge.urls.readable?.replace(/^.*\/badges\/q\//, '').replace(/\.svg$/, '') ?? badge.label;
}
