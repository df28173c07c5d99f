import { expect, test } from 'vitest';
import { shownOf, type Delivery } from './hook';

const of = (event: string, over: Partial<Delivery> = {}): Delivery => ({
  id: 'a', at: '', key: 'team-a', event, outcome: 'accepted', bytes: 1, count: 1, error: '',
  ...over,
});
const all = [
  of('build.complete'),
  of('deployed', { badge: 'b' }),
  of('', { id: null, outcome: 'too_large' }),
  of('deployed', { id: null, outcome: 'duplicate' }),
];

test.each<[string, number[]]>([
  ['', [0, 1, 2, 3]],
  ['badges', [1]],
  ['refused', [2]],
  ['deployed', [1, 3]],
  ['nothing', []],
])('deliveries shown for “%s”', (show, wanted) => {
  expect(shownOf(all, show).map((one) => all.indexOf(one))).toEqual(wanted);
});
