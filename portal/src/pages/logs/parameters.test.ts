import { expect, it } from 'vitest';
import type { Declared } from '../../lib/query';
import { addressOfValues, literalOf, valuesOf, withValues } from './parameters';

it('are read from an address and written to it', () => {
  const query = new URLSearchParams('q=x&p.n=5&p.s=a%20b&p.none=&pn=1');
  expect(valuesOf(query)).toEqual({ n: '5', s: 'a b' });
  const kql = 'declare query_parameters(n:long, s:string)';
  expect(addressOfValues({ n: '5', s: '', gone: '1' }, kql)).toEqual({ 'p.n': '5' });
});

it.each([
  ['a "b"', 'string', '"a \\"b\\""'],
  ['"a"', 'string', '"a"'],
  ['-5', 'long', '-5'],
  ['1.5', 'real', '1.5'],
  ['true', 'bool', 'true'],
  ['2026-11-29', 'datetime', 'datetime(2026-11-29)'],
  ['datetime(2026-11-29)', 'datetime', 'datetime(2026-11-29)'],
  ['2h', 'timespan', 'time(2h)'],
  ['74be27de-1e4e-49d9-b579-fe0b331d3642', 'guid', 'guid(74be27de-1e4e-49d9-b579-fe0b331d3642)'],
])('%s as %s', (typed, type, expected) => expect(literalOf(typed, type)).toBe(expected));

it('stand in place of defaults', () => {
  const kql = 'declare query_parameters(n:long = 5, s : string, t:timespan = 1d); print n, s, t';
  const place = (part: string) => ({ start: kql.indexOf(part), end: kql.indexOf(part) + 1 });
  const declared: Declared[] = [
    { name: 'n', type: 'long', ...place('n:'), default: { text: '5', ...place('5') } },
    { name: 's', type: 'string', ...place('s :'), default: null },
    { name: 't', type: 'timespan', ...place('t:t'), default: { text: '1d', start: 62, end: 64 } },
  ];
  expect(kql.slice(62, 64)).toBe('1d');
  expect(withValues(kql, declared, { n: '7', s: "it's" })).toBe(
    'declare query_parameters(n:long = 7, s : string = "it\'s", t:timespan = 1d); print n, s, t',
  );
  expect(withValues(kql, declared, {})).toBe(kql);
});
