import { expect, it } from 'vitest';
import type { Certificate } from '../../lib/session.svelte';
import { judge, trusting } from './certificate';

const certificate: Certificate = {
  url: 'https://ci.example:8322', host: 'ci.example', coversHost: true, origin: 'public',
  issuer: 'Authority', names: ['ci.example'], namesLeft: 0, ends: '2027-01-01T00:00:00.000Z',
  daysLeft: 90,
};

it('takes what a public authority issued for the host', () => {
  expect(judge(certificate, true)).toEqual({
    isTaken: true,
    needsTrust: false,
    sentences: [
      'A public authority issued the certificate: SDKs know it.',
      'It is for ci.example.',
      'It ends in 90 days; the server reads its files again when they are replaced.',
    ],
  });
  expect(judge({ ...certificate, daysLeft: 5 }, true).isTaken).toBe(false);
});

it('says what senders have to do', () => {
  const own = judge({ ...certificate, origin: 'generated' }, false);
  expect([own.isTaken, own.needsTrust]).toEqual([false, true]);
  expect(own.sentences.join(' ')).toContain('the server renews it by itself');
  const company = judge({ ...certificate, origin: 'private' }, false);
  expect(company.sentences[0]).toContain('Authority issued the certificate and is not among');
  expect(trusting('https://ci.example:8322').split('\n')[0])
    .toBe('telltale tls show --url https://ci.example:8322 --out telltale.pem');
});

it('says first why it is refused', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const other = { ...certificate, coversHost: false, names, namesLeft: 3, daysLeft: -2 };
  expect(judge(other, true).sentences.slice(0, 3)).toEqual([
    'The certificate is for a, b, c, d, e and 4 more, not for ci.example: SDKs refuse it there.',
    'If a proxy in front ends HTTPS, the proxy’s own certificate counts, which this server cannot '
      + 'see.',
    'The certificate ended 2 days ago: SDKs refuse it.',
  ]);
  expect(judge({ ...other, names: [] }, false).sentences[0])
    .toBe('The certificate names no host: SDKs refuse it.');
});
