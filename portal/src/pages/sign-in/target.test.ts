import { expect, it } from 'vitest';
import { targetOf } from './target';

it.each([
  [null, '/', '/'],
  ['/a/default/logs?q=x', '/', '/a/default/logs?q=x'],
  ['/tools/ci?t=P1D', '/tools/', '/ci?t=P1D'],
  ['/elsewhere', '/tools/', '/'],
  ['https://evil.example/a', '/', '/'],
  ['//evil.example/a', '/', '/'],
  ['/\\evil.example', '/', '/'],
  ['/sign-in?to=/sign-in', '/', '/'],
  ['javascript:alert(1)', '/', '/'],
  ['a/b', '/', '/'],
])('%j below %s goes to %s', (to, base, target) => expect(targetOf(to, base)).toBe(target));
