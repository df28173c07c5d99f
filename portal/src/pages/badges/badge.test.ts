import { expect, it } from 'vitest';
import { address, documents, localPath, picture, type Badge } from './badge';

const badge: Badge = {
  id: '1', kind: 'release', label: 'Web', message: 'Release-42', color: 'brightgreen',
  link: 'https://dev.azure.com/exorg/p/_release?a=1&b=2', changed: null, visibility: 'token',
  cacheSeconds: 60, choice: {},
  urls: { readable: 'https://t.example/badges/exorg/p/web/prod.svg', token: 'https://t.example/badges/t/abc.svg' },
};

it('gives the address that works for others', () => {
  expect(address(badge)).toBe('https://t.example/badges/t/abc.svg');
  expect(address({ ...badge, visibility: 'public' }))
    .toBe('https://t.example/badges/exorg/p/web/prod.svg');
  expect(address({ ...badge, visibility: 'public', urls: { ...badge.urls, alias: 'https://t.example/badges/web.svg' } }))
    .toBe('https://t.example/badges/web.svg');
});

it('writes documents', () => {
  const url = address(badge);
  expect(documents(badge, url).map((found) => found.text)).toEqual([
    `[![Web](${url})](https://dev.azure.com/exorg/p/_release?a=1&b=2)`,
    `<a href="https://dev.azure.com/exorg/p/_release?a=1&amp;b=2"><img alt="Web" src="${url}"></a>`,
    `image:${url}[Web,link=https://dev.azure.com/exorg/p/_release?a=1&b=2]`,
    `.. image:: ${url}\n   :alt: Web\n   :target: https://dev.azure.com/exorg/p/_release?a=1&b=2`,
    url,
  ]);
});

it('lets no text break out of a document', () => {
  const evil = { ...badge, label: ']("><script>\n', link: 'javascript:alert(1)' };
  for (const { label, text } of documents(evil, address(badge))) {
    expect(text, label).not.toContain('<script>');
    expect(text, label).not.toContain('javascript:');
    expect(text, label).not.toContain('](">');
  }
});

it('asks its own origin for pictures', () => {
  expect(localPath('https://t.example/x/badges/t/abc.svg')).toBe('badges/t/abc.svg');
  expect(picture({ ...badge, changed: '2026-11-20T10:00:00Z' }))
    .toBe('badges/t/abc.svg?v=2026-11-20T10%3A00%3A00Z');
});
