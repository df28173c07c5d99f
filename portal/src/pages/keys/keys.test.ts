import { expect, it } from 'vitest';
import { consequence, warnings, type Key } from './keys';

const key: Key = {
  id: '1', name: 'me', state: 'live', scopes: ['admin'], applications: null, created: null,
  expires: null, revoked: null, ratePerMinute: null, projects: null, lastUsed: null,
};

it('warns of ending the last key that may administer, and the own one', () => {
  const hook: Key = { ...key, id: '2', name: 'hook', scopes: ['hook'] };
  const other: Key = { ...key, id: '3', name: 'other' };
  expect(warnings(key, [key, hook], 'me')).toHaveLength(2);
  expect(warnings(key, [key, { ...other, state: 'revoked' }], 'me')).toHaveLength(2);
  expect(warnings(key, [key, { ...other, applications: ['a'] }], 'x')).toHaveLength(1);
  expect(warnings(key, [key, other], 'x')).toEqual([]);
  expect(warnings(hook, [key, hook], 'me')).toEqual([]);
});

it('says what ends with a key', () => {
  expect(consequence({ ...key, scopes: ['hook'] })).toContain('badges stay');
  expect(consequence(key)).toContain('signed out');
});
