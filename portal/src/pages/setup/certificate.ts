/** What a certificate means for those who send. */

import { count } from '../../lib/format';
import type { Certificate } from '../../lib/session.svelte';

/** Days from which an end that nobody has prepared is told as a warning. */
const SOON_DAYS = 30;

export interface Verdict {
  /** SDKs take it as it is. */
  isTaken: boolean;
  /** In the order of their weight. */
  sentences: string[];
  /** Senders have to be told to trust it; nothing else is in the way. */
  needsTrust: boolean;
}

/** Names as a list, at most a line of them. */
function listed(certificate: Certificate): string {
  const shown = certificate.names.slice(0, 5);
  const left = certificate.names.length - shown.length + certificate.namesLeft;
  return shown.join(', ') + (left > 0 ? ` and ${left} more` : '');
}

/** Whether senders take the certificate; `isPublicUrl`: at an address that the settings name. */
export function judge(certificate: Certificate, isPublicUrl: boolean): Verdict {
  const { origin, coversHost, daysLeft, host } = certificate;
  const sentences: string[] = [];
  if (!coversHost) {
    sentences.push(certificate.names.length === 0
      ? 'The certificate names no host: SDKs refuse it.'
      : `The certificate is for ${listed(certificate)}, not for ${host}: SDKs refuse it there.`);
    if (isPublicUrl) {
      sentences.push('If a proxy in front ends HTTPS, the proxy’s own certificate counts, which '
        + 'this server cannot see.');
    }
  }
  if (daysLeft < 0) {
    sentences.push(`The certificate ended ${count(-daysLeft, 'day')} ago: SDKs refuse it.`);
  }
  sentences.push({
    public: 'A public authority issued the certificate: SDKs know it.',
    generated: 'This server made the certificate: a sender takes it once it trusts the server’s '
      + 'authority.',
    selfSigned: 'The certificate is self-signed: a sender takes it once it trusts it.',
    private: `${certificate.issuer || 'Another authority'} issued the certificate and is not among `
      + 'the public authorities, or the certificates that lead to one are not in the file: a '
      + 'sender takes it once it trusts that authority.',
  }[origin]);
  if (coversHost) sentences.push(`It is for ${listed(certificate)}.`);
  if (daysLeft >= 0) {
    sentences.push(`It ends in ${count(daysLeft, 'day')}; ${origin === 'generated'
      ? 'the server renews it by itself.'
      : 'the server reads its files again when they are replaced.'}`);
  }
  const isUsable = coversHost && daysLeft >= 0;
  return {
    isTaken: isUsable && origin === 'public' && daysLeft >= SOON_DAYS,
    sentences,
    needsTrust: origin !== 'public',
  };
}

/** What makes senders trust it: once the file, then a line by sender. */
export function trusting(url: string): string {
  return [
    `telltale tls show --url ${url.replace(/["'`$\\\s]/g, '')} --out telltale.pem`,
    'export NODE_EXTRA_CA_CERTS=telltale.pem  # Node',
    'export SSL_CERT_FILE=telltale.pem        # Python, .NET on Linux',
    'export REQUESTS_CA_BUNDLE=telltale.pem   # Python with requests',
    'export TELLTALE_CA=telltale.pem          # telltale; curl: --cacert telltale.pem',
  ].join('\n');
}
