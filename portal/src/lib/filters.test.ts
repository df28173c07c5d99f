import { describe, expect, it } from 'vitest';
import { filterKql, formatFilter, parseFilter } from './filters';

const cases: [string, string][] = [
  ['client_OS:eq:Linux', 'tostring(client_OS) == "Linux"'],
  ['d.task name:in:a,b', 'tostring(customDimensions["task name"]) in ("a", "b")'],
  ['d.x%3Ay:ne:a%2Cb', 'tostring(customDimensions["x:y"]) != "a,b"'],
  ['m.bytes:gt:1000', 'todouble(customMeasurements["bytes"]) > 1000'],
  ['duration:ge:2.5', 'duration >= 2.5'],
  ['name:has:it"s', 'tostring(name) has "it\\"s"'],
  ['d.k:gt:abc', 'todouble(tostring(customDimensions["k"])) > todouble("abc")'],
  ['itemType:exists', 'isnotempty(tostring(itemType))'],
  ['success:eq:False', 'tostring(success) == "False"'],
];

describe('filters', () => {
  it.each(cases)('%s', (written, kql) => {
    const filter = parseFilter(written);
    expect(filter).not.toBeNull();
    if (!filter) return;
    expect(filterKql(filter)).toBe(kql);
    expect(formatFilter(filter)).toBe(written);
  });

  it.each(['', 'a', 'a:', 'a:is:b', ':eq:b', 'a:eq'])('refuses %j', (written) => {
    expect(parseFilter(written)).toBeNull();
  });
});
