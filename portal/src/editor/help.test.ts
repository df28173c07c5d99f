import { expect, it } from 'vitest';
import { docOf } from './help';

const docs = {
  operators: { 'mv-expand': { form: 'T | mv-expand C', doc: 'A row for each.' },
    count: { form: 'T | count', doc: 'Counts the rows.' } },
  functions: { count: 'how many rows' },
};

it.each([
  ['t | mv-expand x', 'mv', 'A row for each.'],
  ['t\n| count', 'count', 'Counts the rows.'],
  ['t | summarize count()', 'count', 'How many rows.'],
  ['t | where count > 1', 'count', undefined],
  ['t | other', 'other', undefined],
])('%s: %s', (text, word, doc) => {
  const from = text.indexOf(word);
  expect(docOf({ docs }, text, from, from + word.length)?.doc).toBe(doc);
});
