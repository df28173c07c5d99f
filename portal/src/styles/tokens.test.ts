/** The colours of series are told apart, from each other and from pass and fail, by all eyes. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Triple = [number, number, number];

/** What eyes see of linear red, green and blue; after Machado, Oliveira and Fernandes (2009). */
const eyes: Record<string, [Triple, Triple, Triple]> = {
  'all colours': [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  'no green': [
    [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no red': [
    [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
};

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

function linear(hex: string): Triple {
  return [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Triple;
}

function times(rows: [Triple, Triple, Triple], [a, b, c]: Triple): Triple {
  return rows.map(([x, y, z]) => Math.max(0, x * a + y * b + z * c)) as Triple;
}

/** Where colours lie as far from each other as they look different. */
function oklab(color: Triple): Triple {
  const cones = times([
    [0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
  ], color).map(Math.cbrt) as Triple;
  const [l, m, s] = cones;
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function color(name: string, theme: number): string {
  const both = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css);
  return both?.[theme + 1] ?? '';
}

const series = Array.from({ length: 10 }, (_, index) => `series-${index + 1}`);

describe.each([['light', 0], ['dark', 1]] as const)('the series of the %s theme', (_, theme) => {
  it.each(Object.entries(eyes))('differ for eyes that see %s', (_name, eye) => {
    const seen = new Map([...series, 'pass', 'fail'].map((name) =>
      [name, oklab(times(eye, linear(color(name, theme))))]));
    const alike: string[] = [];
    for (const [one, a] of seen) {
      for (const [other, b] of seen) {
        if (one >= other || !one.startsWith('s') && !other.startsWith('s')) continue;
        const far = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
        if (!(far >= 0.07)) alike.push(`${one} and ${other}: ${far.toFixed(3)}`);
      }
    }
    expect(alike).toEqual([]);
  });

  it('stand out from the surface', () => {
    const light = (hex: string): number => {
      const [r, g, b] = linear(hex);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const surface = light(color('surface', theme));
    const faint = series.filter((name) => {
      const own = light(color(name, theme));
      return !(Math.max(own, surface) / Math.min(own, surface) >= 3);
    });
    expect(faint).toEqual([]);
  });
});
