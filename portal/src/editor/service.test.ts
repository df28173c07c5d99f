import { beforeAll, describe, expect, it } from 'vitest';
import type { Schema } from '../lib/schema';
import './global';
import { LanguageService } from './service';

const schema: Schema = {
  tables: [{
    name: 'requests', group: 'telemetry', doc: 'Executions', timeColumn: 'timestamp', keys: [],
    columns: [
      { name: 'timestamp', type: 'datetime', doc: '' }, { name: 'name', type: 'string', doc: '' },
      { name: 'duration', type: 'real', doc: '' },
    ],
  }],
  functions: [{
    name: 'PassRate', doc: 'Share of builds that passed', columns: [{ name: 'Rate', type: 'real' }],
    parameters: [
      { name: 'from', type: 'datetime' },
      { name: 'to', type: 'datetime', default: 'datetime(null)' },
    ],
  }],
  implemented: {
    functions: ['bin', 'ago', 'strcat'], aggregates: ['count', 'sum'],
    operators: ['count', 'where', 'summarize', 'render', 'extend', 'take', 'union', 'print'],
    plugins: ['bag_unpack'], renders: ['timechart', 'piechart'],
  },
};

let service: LanguageService;

beforeAll(async () => {
  await import('@kusto/language-service-next/bridge.min.js');
  await import('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
  service = new LanguageService();
  service.setSchema(schema);
  // The first one takes seconds.
  service.complete('print x = 1 | where ', 20);
}, 60_000);

function labels(text: string): string[] {
  return service.complete(text, text.length).items.map((item) => item.label);
}

describe('completion', () => {
  it('offers what remains after a summary', () => {
    const found = labels('requests | summarize n = count() by name | where ');
    expect(found).toContain('n');
    expect(found).toContain('name');
    expect(found).not.toContain('duration');
  });

  it('offers nothing that the server does not have', () => {
    expect(labels('requests | ').toSorted())
      .toEqual(['count', 'extend', 'render', 'summarize', 'take', 'union', 'where']);
    expect(labels('requests | render ')).toEqual(['piechart', 'timechart']);
    expect(labels('requests | extend x = ')).toContain('strcat');
    expect(labels('requests | extend x = ')).not.toContain('abs');
    expect(labels('requests | evaluate ')).toEqual(['bag_unpack']);
    expect(labels('')).toEqual(['requests', 'PassRate', 'let', 'print', 'set', 'union']);
  });

  it('writes calls with their parentheses', () => {
    const found = service.complete('requests | extend x = st', 24);
    const strcat = found.items.find((item) => item.label === 'strcat');
    expect(strcat).toMatchObject({ before: 'strcat(', after: ')', detail: '(arg, ...)' });
    expect([found.start, found.end]).toEqual([22, 24]);
  });
});

it('finds what is wrong', () => {
  expect(service.diagnose('requests | where nme == 1')[0])
    .toMatchObject({ severity: 'error', start: 17, end: 20 });
  expect(service.diagnose('PassRate(ago(1d)) | where Rate > 0.5')).toEqual([]);
});

it('lays out', () => {
  expect(service.format('requests|where name=="a"|take 1'))
    .toBe('requests\n| where name == "a"\n| take 1');
});

it('explains', () => {
  expect(service.hover('requests | where name', 18)).toContain('name: string');
  expect(service.hover('PassRate(now())', 2)).toContain('Share of builds');
  expect(service.signatures('bin')[0]?.parameters.map(({ name }) => name))
    .toEqual(['value', 'roundTo']);
  expect(service.signatures('nothing')).toEqual([]);
});
