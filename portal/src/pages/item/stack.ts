/** Chains of exceptions and their stacks. */

import type { Cell } from '../../lib/query';

export interface Frame {
  method: string;
  /** Assembly or module; empty: not told. */
  module: string;
  file: string;
  /** 0: not told. */
  line: number;
  /** Whether it is of the application rather than of its platform or libraries. */
  isOwn: boolean;
}

/** A line of a stack: a frame, or a text that is none. */
export type StackLine = { frame: Frame } | { text: string };

export interface Link {
  type: string;
  message: string;
  lines: StackLine[];
  /** The stack as it was sent; empty: frames were sent. */
  raw: string;
}

/** Lines of a stack that are shown. */
export const LINES_MAX = 500;

const foreign = [
  /^(System|Microsoft|Windows|mscorlib|netstandard|Newtonsoft|Xunit|NUnit)\./,
  /^(java|javax|jdk|sun|com\.sun|kotlin|scala|org\.junit|org\.springframework)\./,
  /^(node:|internal\/|process\.|Module\.|Object\.<anonymous>$|Promise\.|Generator\.)/,
];
const foreignFiles = [
  /(^|[\\/])node_modules[\\/]/, /^node:/, /^internal[\\/]/, /site-packages[\\/]/,
  /[\\/]lib[\\/]python\d/, /[\\/]\.cargo[\\/]registry[\\/]/, /^\/rustc\//, /^<frozen /,
];
const foreignModules = /^(System|Microsoft|mscorlib|netstandard|WindowsBase)([.,]|$)/;

function frame(method: string, module: string, file: string, line: number): Frame {
  const isOwn = !foreign.some((pattern) => pattern.test(method))
    && !foreignFiles.some((pattern) => pattern.test(file))
    && !foreignModules.test(module)
    && (method !== '' || file !== '');
  return { method, module, file, line, isOwn };
}

const shapes: RegExp[] = [
  // .NET: `at A.B.C(String d) in /src/x.cs:line 7`, also without the file.
  /^\s*at (?<method>[^(]+\(.*?\))(?: in (?<file>.+?):line (?<line>\d+))?\s*$/,
  // Node: `at run (/src/x.js:7:5)`, `at /src/x.js:7:5`.
  /^\s*at (?:(?<method>.+?) \()?(?<file>[^()\s]+?):(?<line>\d+)(?::\d+)?\)?\s*$/,
  // Java: `at a.b.C.d(C.java:7)`.
  /^\s*at (?<method>[\w.$<>]+)\((?<file>\w+\.(?:java|kt)|Native Method)(?::(?<line>\d+))?\)\s*$/,
  // Python: `File "x.py", line 7, in run`.
  /^\s*File "(?<file>[^"]+)", line (?<line>\d+), in (?<method>.+?)\s*$/,
];

// Java and Node first: their shapes are narrower than that of .NET.
const order = [2, 1, 0, 3];

/** The lines of a stack that was sent as a text. */
export function parseStack(raw: string): StackLine[] {
  return raw.split(/\r?\n/).slice(0, LINES_MAX).filter((line) => line.trim() !== '').map((line) => {
    if (line.length > 2000) return { text: line };
    for (const at of order) {
      const found = shapes[at]?.exec(line)?.groups;
      if (found) {
        const { method = '', file = '', line: number = '0' } = found;
        return { frame: frame(method, '', file, Number(number)) };
      }
    }
    return { text: line.trim() };
  });
}

type Bag = Record<string, Cell>;

function isBag(cell: Cell): cell is Bag {
  return cell !== null && typeof cell === 'object' && !Array.isArray(cell);
}

function textOf(bag: Bag, key: string): string {
  const found = bag[key];
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

/** Exceptions in `details`, outermost first; none when it is something else. */
export function chainOf(details: Cell | undefined): Link[] {
  if (!Array.isArray(details)) return [];
  return details.filter(isBag).map((bag) => {
    const parsed = Array.isArray(bag.parsedStack) ? bag.parsedStack.filter(isBag) : [];
    const raw = textOf(bag, 'rawStack');
    const frames = parsed.slice(0, LINES_MAX).map((found) => ({
      frame: frame(
        textOf(found, 'method'), textOf(found, 'assembly'), textOf(found, 'fileName'),
        Number(textOf(found, 'line')) || 0,
      ),
    }));
    return {
      type: textOf(bag, 'type'),
      message: textOf(bag, 'message'),
      lines: frames.length > 0 ? frames : parseStack(raw),
      raw,
    };
  });
}

/** A chain as a text, as it is copied. */
export function chainText(chain: Link[]): string {
  return chain.map((link) => [
    `${link.type}: ${link.message}`,
    link.raw || link.lines.map((line) => ('text' in line ? line.text : lineText(line.frame)))
      .join('\n'),
  ].join('\n')).join('\n---\n');
}

function lineText({ method, file, line }: Frame): string {
  return `   at ${method}${file ? ` in ${file}${line > 0 ? `:line ${line}` : ''}` : ''}`;
}
