import { expect, it } from 'vitest';
import { isShortLink, targetOf } from './target';

it.each([
  [null, '/', '/'],
  ['/a/default/logs?q=x', '/', '/a/default/logs?q=x'],
  ['/tools/ci?t=P1D', '/tools/', '/ci?t=P1D'],
  ['/tools/s/abc', '/tools/', '/s/abc'],
  ['/elsewhere', '/tools/', '/'],
  ['https://evil.example/a', '/', '/'],
  ['//evil.example/a', '/', '/'],
  ['/\\evil.example', '/', '/'],
  ['/sign-in?to=/sign-in', '/', '/'],
  ['javascript:alert(1)', '/', '/'],
  ['a/b', '/', '/'],
])('%j below %s goes to %s', (to, base, target) => expect(targetOf(to, base)).toBe(target));

it.each([['/s/abc', true], ['/s/', false], ['/setup', false], ['/s/a/b', false]])(
  '%s is a short link: %s',
  (path, isOne) => expect(isShortLink(path)).toBe(isOne),
);
