/** Numbers as people read them; always with their unit. */

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const some = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 });
const compact = new Intl.NumberFormat('en-US', {
  notation: 'compact', maximumSignificantDigits: 3,
});

/** `1,234` or `0.123`; three digits when it is not whole. */
export function number(value: unknown): string {
  const found = toNumber(value);
  if (found === null) return '–';
  return Number.isInteger(found) || Math.abs(found) >= 1000 ? whole.format(found)
    : some.format(found);
}

/** `1.23M`, for tiles and axes. */
export function short(value: unknown): string {
  const found = toNumber(value);
  if (found === null) return '–';
  return Math.abs(found) < 10_000 ? number(found) : compact.format(found);
}

/** A share between 0 and 1 as `12.3 %`. */
export function percent(value: unknown): string {
  const found = toNumber(value);
  if (found === null) return '–';
  const hundredth = found * 100;
  const digits = hundredth !== 0 && Math.abs(hundredth) < 10 ? 1 : 0;
  // Nothing that failed once is shown as never, nothing that failed once as always.
  if (hundredth > 99.5 && hundredth < 100) return `${(Math.floor(hundredth * 10) / 10).toFixed(1)} %`;
  return `${hundredth.toFixed(digits)} %`;
}

/** Milliseconds as `320 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(ms: unknown): string {
  const found = toNumber(ms);
  if (found === null) return '–';
  const sign = found < 0 ? '−' : '';
  const value = Math.abs(found);
  if (value < 1) return value === 0 ? '0 ms' : `${sign}${some.format(value)} ms`;
  if (value < 1000) return `${sign}${Math.round(value)} ms`;
  const seconds = value / 1000;
  if (seconds < 59.95) return `${sign}${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const pairs: [number, string, number, string][] = [
    [86_400, 'd', 3600, 'h'], [3600, 'h', 60, 'min'], [60, 'min', 1, 's'],
  ];
  for (const [big, bigName, small, smallName] of pairs) {
    const rounded = Math.round(seconds / small) * small;
    if (rounded >= big) {
      const rest = Math.round((rounded % big) / small);
      const first = Math.floor(rounded / big);
      return `${sign}${first} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
    }
  }
  return `${sign}${Math.round(seconds)} s`;
}

/** Bytes in powers of 1,024: `1.2 MiB`. */
export function bytes(value: unknown): string {
  const found = toNumber(value);
  if (found === null) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let rest = found;
  let unit = 0;
  while (Math.abs(rest) >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? whole.format(rest) : some.format(rest)} ${units[unit]}`;
}

/** `1 build`, `2 builds`. */
export function count(value: unknown, one: string, many = `${one}s`): string {
  return `${number(value)} ${toNumber(value) === 1 ? one : many}`;
}

export function toNumber(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const found = Number(value);
  return Number.isFinite(found) ? found : null;
}

/** At most `most` characters, the rest told by `…`; never cuts a character in two. */
export function cut(text: string, most = 300): string {
  if (text.length <= most) return text;
  const end = text.codePointAt(most - 1) ?? 0;
  return `${text.slice(0, end > 0xffff ? most - 1 : most)}…`;
}

const control = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f';
const turning = '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069';
const unseen = new RegExp(`[${control}${turning}]`, 'g');

/** Control characters and those that turn text around are made visible. */
export function visible(text: string): string {
  return text.replace(
    unseen,
    (found) => {
      const code = found.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(0x2400 + code)
        : `⟨${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
    },
  );
}
