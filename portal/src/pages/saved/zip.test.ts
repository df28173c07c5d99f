import { expect, it } from 'vitest';
import { crc32, zip } from './zip';

it('sums as every archive does', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});

it('holds every file, and where it lies', () => {
  const made = zip([{ path: 'a/ä.kql', text: 'requests' }, { path: 'b.kql', text: '' }]);
  const view = new DataView(made.buffer);
  const end = made.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  expect(view.getUint16(end + 10, true)).toBe(2);
  const directory = view.getUint32(end + 16, true);
  expect(view.getUint32(directory, true)).toBe(0x02014b50);
  expect(directory + view.getUint32(end + 12, true)).toBe(end);
  const first = view.getUint32(directory + 42, true);
  expect(view.getUint32(first, true)).toBe(0x04034b50);
  const name = made.slice(first + 30, first + 30 + view.getUint16(first + 26, true));
  expect(new TextDecoder().decode(name)).toBe('a/ä.kql');
  const text = made.slice(first + 30 + name.length, first + 30 + name.length + 8);
  expect(new TextDecoder().decode(text)).toBe('requests');
});
