import { describe, expect, it } from 'vitest';
import { found, idOf, itemKql, kindOf, missing, verdict, type Judged, type Setting } from './verdict';

const setting: Setting = {
  appId: 'mine',
  apps: new Map([['mine', 'default'], ['theirs', 'shop']]),
  days: new Map([['requests', 30], ['customEvents', 90], ['traces', null]]),
  now: new Date('2026-11-29T12:00:00Z'),
};
const item: Judged = {
  index: 0, appId: 'mine', table: 'requests', timestamp: '2026-11-29T11:00:00.0000000Z',
  itemCount: 1, cut: null,
};
const one = { itemsReceived: 1, itemsAccepted: 1, errors: [] };

describe('what was pasted', () => {
  it.each([
    ['', 'nothing'], ['  \n', 'nothing'], ['{"name":1}', 'json'], [' [1]', 'json'],
    ['5f3c1a', 'id'], ['x'.repeat(201), 'long'],
  ])('%j is %s', (text, kind) => expect(kindOf(text)).toBe(kind));

  it.each([
    [' "18AB-cd", ', '18AB-cd'], ['http://h/a/default/item/1%2F2?t=P1D', '1/2'],
    ['http://h/a/default/search?f=x&sel=abc#y', 'abc'], ['/a/x/op/0af7', '0af7'],
    ['/a/x/item/%E0%A4%A', '%E0%A4%A'],
  ])('%j has the id %j', (text, id) => expect(idOf(text)).toBe(id));

  it('is a literal of the query, whatever it holds', () => {
    expect(itemKql('"] | .drop table x //')).toContain('in ("\\"] | .drop table x //")');
    expect(itemKql('AB')).toContain('in ("AB", "ab")');
  });
});

describe('the verdict', () => {
  it.each([
    [{ itemsReceived: 0, itemsAccepted: 0, errors: [] }, ['There is no item in it.']],
    [{ ...one, items: [item] }, ['It would be taken.', /did not arrive/]],
    [
      { itemsReceived: 2, itemsAccepted: 1, items: [item],
        errors: [{ index: 1, statusCode: 400, message: 'time: too old' }] },
      ['1 of 2 would be taken.', 'Item 2: refused (400): time: too old'],
    ],
    [{ ...one, items: [{ ...item, appId: 'theirs' }] }, ['It would be taken.', /“shop”/]],
    [{ ...one, items: [{ ...item, appId: 'hidden' }] }, ['It would be taken.', /another app/]],
    [
      { ...one, items: [{ ...item, cut: { 'customDimensions.log': 20_134, '(more)': 2 } }] },
      ['It would be taken.', 'Cut on arrival: customDimensions.log, from 20,134 characters.',
        '2 further texts cut as well.'],
    ],
    [{ ...one, items: [{ ...item, itemCount: 10 }] }, ['It would be taken.', /kept 1 in 10/]],
    [
      { ...one, items: [{ ...item, timestamp: '2026-10-01T00:00:00Z' }] },
      ['It would be taken.', /requests are kept 30 days/],
    ],
    [
      { ...one, items: [{ ...item, table: 'traces', timestamp: '2020-01-01T00:00:00Z' }] },
      ['It would be taken.', /did not arrive/],
    ],
  ])('of %j', (answer, wanted) => {
    const told = verdict(answer, setting);
    expect(told).toHaveLength(wanted.length);
    for (const [at, line] of wanted.entries()) {
      expect(told[at]).toEqual(typeof line === 'string' ? line : expect.stringMatching(line));
    }
  });

  it('of many items ends somewhere and says so', () => {
    const errors = Array.from({ length: 50 }, (_, index) =>
      ({ index, statusCode: 400, message: `\u202e${'m'.repeat(1000)}` }));
    const told = verdict({ itemsReceived: 50, itemsAccepted: 0, errors }, setting);
    expect(told).toHaveLength(22);
    expect(told.at(-1)).toBe('And 30 more findings.');
    expect(told[1]).not.toContain('\u202e');
  });

  it('of an item that is here', () => {
    const told = found({
      itemType: 'customEvent', timestamp: '2026-11-29T10:00:00Z', itemCount: 4,
      name: 'n'.repeat(512), _Cut: { name: 600 },
    }, setting.now);
    expect(told).toEqual([
      'It is here: a customEvent of 2026-11-29T10:00:00Z.',
      expect.stringMatching(/^It arrived 2.* after its time/),
      'Cut on arrival: name, from 600 to 512 characters.',
      expect.stringMatching(/1 in 4/),
    ]);
  });

  it.each([
    [null, /no id that this server gives/], ['2026-11-29T13:00:00Z', /yet to come/],
    ['2026-10-20T00:00:00Z', /requests 30 days/], ['2026-11-29T11:00:00Z', /another application/],
  ])('of an id nobody has that arrived %s', (arrival, wanted) => {
    const told = missing(arrival === null ? null : new Date(arrival), setting);
    expect(told.join(' ')).toMatch(wanted);
  });
});
