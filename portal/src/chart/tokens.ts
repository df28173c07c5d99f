/** What charts take from the tokens of the style, and which series gets which colour. */

/** Colours as the browser computed them; sizes in pixels. */
export interface Tokens {
  text: string;
  textSoft: string;
  line: string;
  lineStrong: string;
  surface: string;
  accent: string;
  /** Ten of them. */
  series: string[];
  other: string;
  pass: string;
  fail: string;
  partly: string;
  canceled: string;
  flaky: string;
  running: string;
  font: string;
  fontSize: number;
}

/** Reads the tokens by `color`, which gives the computed value of `--name`. */
export function readTokens(color: (name: string) => string): Tokens {
  const series = Array.from({ length: 10 }, (_, index) => color(`--series-${index + 1}`));
  const font = typeof document === 'undefined' ? 'sans-serif'
    : getComputedStyle(document.body).fontFamily;
  return {
    text: color('--text'),
    textSoft: color('--text-3'),
    line: color('--border'),
    lineStrong: color('--border-strong'),
    surface: color('--surface'),
    accent: color('--accent'),
    series,
    other: color('--series-other'),
    pass: color('--pass'),
    fail: color('--fail'),
    partly: color('--partly'),
    canceled: color('--canceled'),
    flaky: color('--flaky'),
    running: color('--running'),
    font,
    fontSize: 11,
  };
}

/** The series that holds what did not get one of its own. */
export const OTHER = 'Other';

/** How a series looks: those of one chart that share a colour differ by dashes and patterns. */
export interface Look {
  color: string;
  dash: Dash;
  /** Number of the pattern on its areas; 0: plain. */
  pattern: number;
  /** Number of the pattern it has where all have one. */
  own: number;
}

export type Dash = 'solid' | 'dashed' | 'dotted' | 'mixed';

const dashes: Dash[] = ['solid', 'dashed', 'dotted', 'mixed'];

/**
 * Where hashing starts: with this number the names that are usually drawn together (kinds of items,
 * systems, percentiles, severities, browsers, reasons of builds) get ten different colours.
 */
const SEED = 711_074;

/** FNV-1a, folded once: the same name has the same colour on every page and every day. */
export function hash(name: string): number {
  let found = SEED;
  for (let index = 0; index < name.length; index += 1) {
    found = Math.imul(found ^ name.charCodeAt(index), 0x01000193) >>> 0;
  }
  return (found ^ (found >>> 15)) >>> 0;
}

type Reserved = 'pass' | 'fail' | 'partly' | 'canceled' | 'flaky' | 'running' | 'other';

/** The colour a name always has; `null`: it is one of many. */
export function reserved(name: string, column = ''): Reserved | null {
  const isOutcome = /success|succeeded|passed/i.test(column);
  switch (name.toLowerCase()) {
    case 'success': case 'succeeded': case 'passed': return 'pass';
    case 'failed': case 'failure': case 'failures': case 'rejected': return 'fail';
    case 'partiallysucceeded': case 'partly passed': return 'partly';
    case 'canceled': case 'cancelled': return 'canceled';
    case 'flaky': return 'flaky';
    case 'unknown': case 'noerror': return 'other';
    case 'true': case '1': return isOutcome ? 'pass' : null;
    case 'false': case '0': return isOutcome ? 'fail' : null;
    default: return name === OTHER ? 'other' : null;
  }
}

/**
 * The look of each name. Its colour follows from the name alone, whatever else is drawn; of names
 * of one chart that share a colour the first in the alphabet is plain, the others are dashed and
 * patterned. So a chart may repeat a colour while others are free: a series that changed its
 * colour when another came or went would be taken for the other one.
 */
export function looks(names: string[], tokens: Tokens, column = ''): Map<string, Look> {
  const found = new Map<string, Look>();
  const used = new Array<number>(tokens.series.length).fill(0);
  for (const name of names.toSorted()) {
    const own = reserved(name, column);
    if (own) {
      found.set(name, {
        color: tokens[own], dash: own === 'fail' ? 'dashed' : 'solid', pattern: 0,
        own: own === 'fail' ? 1 : 0,
      });
      continue;
    }
    const index = hash(name) % used.length;
    const round = used[index] ?? 0;
    used[index] = round + 1;
    found.set(name, {
      color: tokens.series[index] ?? tokens.accent,
      dash: dashes[round % dashes.length] ?? 'solid',
      pattern: round,
      own: index + round * used.length + 1,
    });
  }
  return found;
}
