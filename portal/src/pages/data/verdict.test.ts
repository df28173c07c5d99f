import { expect, it } from 'vitest';
import { kindOf, verdict } from './verdict';

it.each([
  ['', 'nothing'], ['  \n', 'nothing'], ['{"name":1}', 'json'], [' [1]', 'json'],
  ['5f3c1a', 'id'],
])('%j is %s', (text, kind) => expect(kindOf(text)).toBe(kind));

it('tells what is wrong, item by item', () => {
  expect(verdict({ itemsReceived: 0, itemsAccepted: 0, errors: [] }))
    .toEqual(['There is no item in it.']);
  expect(verdict({
    itemsReceived: 2,
    itemsAccepted: 1,
    errors: [{ index: 1, statusCode: 400, message: 'time: too old' }],
  })).toEqual(['1 of 2 would be taken.', 'Item 2 would be refused (400): time: too old']);
  expect(verdict({ itemsReceived: 1, itemsAccepted: 1, errors: [] })[0]).toContain('did not arrive');
});
