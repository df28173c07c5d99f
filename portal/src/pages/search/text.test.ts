import { describe, expect, it } from 'vitest';
import { nodeKql, parse } from './text';

const cases: [string, string | null][] = [
  ['publish', '* has "publish"'],
  ['publish linux', '* has "publish" and * has "linux"'],
  ['publish AND linux', '* has "publish" and * has "linux"'],
  ['publish OR linux', '* has "publish" or * has "linux"'],
  ['a1 OR b1 c1', '* has "a1" or (* has "b1" and * has "c1")'],
  ['(a1 OR b1) c1', '(* has "a1" or * has "b1") and * has "c1"'],
  ['NOT a1', 'not(* has "a1")'],
  ['-a1 b1', 'not(* has "a1") and * has "b1"'],
  ['NOT (a1 OR b1)', 'not(* has "a1" or * has "b1")'],
  ['NOT NOT a1', '* has "a1"'],
  ['"two words"', '* has "two words"'],
  ['"say \\"hi\\""', '* has "say \\"hi\\""'],
  ['"*part*"', '* contains "part"'],
  ['*part*', '* contains "part"'],
  ['pub*', '* hasprefix "pub"'],
  ['*lish', '* hassuffix "lish"'],
  ['and or not', '* has "and" and * has "or" and * has "not"'],
  ['"AND"', '* has "AND"'],
  ['name:publish', 'tostring(name) has "publish"'],
  ['NAME:publish', 'tostring(name) has "publish"'],
  ['name:"Task Execution"', 'tostring(name) has "Task Execution"'],
  ['name:"*ecut*"', 'tostring(name) contains "ecut"'],
  ['name:pub*', 'tostring(name) hasprefix "pub"'],
  ['os:Linux', 'tostring(client_OS) has "Linux"'],
  ['type:event', 'itemType =~ "customEvent"'],
  ['type:Request', 'itemType =~ "request"'],
  ['taskName:sign', 'tostring(customDimensions["taskName"]) has "sign"'],
  ['d.name:sign', 'tostring(customDimensions["name"]) has "sign"'],
  ['m.files:5', 'todouble(customMeasurements["files"]) == 5'],
  ['m.files:>5', 'todouble(customMeasurements["files"]) > 5'],
  ['duration:>=500', 'duration >= 500'],
  ['name:=publish', 'tostring(name) == "publish"'],
  ['name:eq:publish', 'tostring(name) == "publish"'],
  ['client_OS:in:Linux,macOS', 'tostring(client_OS) in ("Linux", "macOS")'],
  ['user:*', 'isnotempty(tostring(user_Id))'],
  ['NOT name:publish', 'not(tostring(name) has "publish")'],
  ['https://feed.example.org/x', '* has "https://feed.example.org/x"'],
  // Not finished yet.
  ['', null],
  ['   ', null],
  ['"', null],
  ['"publ', '* has "publ"'],
  ['name:', null],
  ['name:"', null],
  ['publish AND', '* has "publish"'],
  ['OR', null],
  ['NOT', null],
  ['(', null],
  ['(publish', '* has "publish"'],
  ['publish)', '* has "publish"'],
  [')) a1 ((', '* has "a1"'],
  ['a1 OR OR b1', '* has "a1" or * has "b1"'],
  ['*', null],
  ['- --', null],
  ['::', null],
  // Hostile.
  ['a"b', '* has "a" and * has "b"'],
  ['x\\', '* has "x\\\\"'],
  ['"\n| take 1"', '* has "\\n| take 1"'],
];

describe('the search box', () => {
  it.each(cases)('%j', (written, kql) => {
    const { node } = parse(written);
    expect(node && nodeKql(node)).toBe(kql);
  });

  it('tells when words are left out', () => {
    const parsed = parse(Array.from({ length: 45 }, (_, index) => `w${index}`).join(' '));
    expect(parsed.note).toBe('Only the first 40 of 45 words are used.');
    expect(parsed.node).toMatchObject({ kind: 'all' });
  });
});
