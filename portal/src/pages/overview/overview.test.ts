import { describe, expect, it } from 'vitest';
import { emptyTable, type Table } from '../../lib/query';
import { headlines } from './numbers';
import { chosenTiles, numbersKql, pageQueries, presenceKql, tileKql, tiles } from './tiles';

const range = {
  from: new Date('2026-11-28T16:00:00Z'), to: new Date('2026-11-29T16:00:00Z'),
};

describe('tiles', () => {
  const everything = [...new Set(tiles.map(({ table }) => table))];
  it.each([
    ['all', everything,
      ['failed', 'duration', 'requests', 'events', 'exceptions', 'availability']],
    ['only events', ['customEvents'], ['events']],
    ['no availability', everything.filter((table) => table !== 'availabilityResults'),
      ['failed', 'duration', 'requests', 'events', 'exceptions', 'dependencies']],
    ['nothing', [], []],
  ])('fit the data: %s', (_, present, expected) => {
    expect(chosenTiles(present).map(({ id }) => id)).toEqual(expected);
  });

  it('share one query of a table', () => {
    const queries = pageQueries(everything, range, '5m');
    expect(Object.keys(queries).toSorted()).toEqual([
      'availability', 'events', 'exceptions', 'newest', 'numbers', 'operations', 'requests',
      'sampled',
    ]);
    expect(Object.keys(queries).length).toBeLessThanOrEqual(20);
  });

  it('ask nothing of tables without rows, but whether all was kept', () => {
    const { sampled, ...queries } = pageQueries(['customEvents'], range, '5m');
    expect(sampled).toContain('sum(itemCount) by Table');
    expect(Object.values(queries).join()).not.toMatch(/requests|exceptions/);
    expect(Object.keys(queries).toSorted()).toEqual(['events', 'numbers', 'topEvents']);
    expect(pageQueries([], range, '5m')).toEqual({});
  });

  it('count what items stand for', () => {
    expect(tileKql('requests', '5m')).toBe([
      'requests',
      '| summarize Requests = sum(itemCount), Failed = sumif(itemCount, success == false), '
        + '(p50, p95) = percentilesw(duration, itemCount, 50, 95) by bin(timestamp, 5m)',
      '| order by timestamp asc',
      '| render timechart',
    ].join('\n'));
  });

  it('look back 30 days for what there is', () => {
    const kql = presenceKql(range.to);
    expect(kql).toContain('requests | where timestamp > datetime(2026-10-30T16:00:00.000Z)');
    expect(kql.match(/take 1/g)).toHaveLength(everything.length);
  });
});

describe('numbers', () => {
  it('ask for both spans at once', () => {
    expect(numbersKql('requests', range)).toContain(
      'timestamp >= datetime(2026-11-27T16:00:00.000Z) and '
        + 'timestamp < datetime(2026-11-29T16:00:00.000Z)');
  });

  function table(...rows: [string, number, number, number, number][]): Table {
    const names = ['Span', 'Count', 'Failed', 'Projects', 'Users'];
    return {
      ...emptyTable, rows: rows.length,
      schema: names.map((name) => ({ name, type: 'long' })),
      columns: names.map((_, place) => rows.map((row) => row[place] ?? null)),
    };
  }

  it('tell their change', () => {
    expect(headlines(table(['now', 150, 15, 8, 0], ['before', 100, 5, 8, 0]), true)).toEqual([
      { title: 'Executions', value: '150', arrow: '▲', change: '50 %', basis: 'from 100',
        mood: 'plain', isThin: false },
      { title: 'Failure share', value: '10 %', arrow: '▲', change: '5.0 points',
        basis: '15 of 150, from 5.0 %', mood: 'bad', isThin: false },
      { title: 'Distinct projects', value: '8', arrow: '=', change: 'unchanged from', basis: '8',
        mood: 'plain', isThin: false },
    ]);
  });

  it.each([
    ['nothing before', table(['now', 10, 1, 0, 3]), ['10', '10 %', '3'],
      ['up from 0', ' 1 of 10', 'up from 0']],
    ['nothing now', table(['before', 10, 1, 0, 3]), ['0', '–', '0'],
      ['100 % from 10', ' 0 of 0, from 10 %', '100 % from 3']],
    ['nothing at all', table(), ['0', '–', '0'],
      ['unchanged from 0', ' 0 of 0', 'unchanged from 0']],
  ])('stand when there is %s', (_, found, values, changes) => {
    const made = headlines(found, true);
    expect(made.map(({ value }) => value)).toEqual(values);
    expect(made.map(({ change, basis }) => `${change} ${basis}`)).toEqual(changes);
  });

  it('are thin below 20 samples', () => {
    expect(headlines(table(['now', 19, 1, 0, 3]), true)[1]?.isThin).toBe(true);
  });
});
