/** A folder of texts as one ZIP file (APPNOTE 6.3), packed by nothing: they are small. */

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (table[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/** Numbers of 2 or 4 bytes, the lowest byte first. */
function numbers(...parts: [size: 2 | 4, value: number][]): number[] {
  return parts.flatMap(([size, value]) => (
    Array.from({ length: size }, (_, at) => (value >>> (8 * at)) & 0xff)
  ));
}

const VERSION = 20;
/** Names are UTF-8. */
const FLAGS = 0x0800;
/** 1 January 1980, the first day that such a file can tell. */
const DAY = 0x21;

/** The archive; `files` are paths with `/` and their texts. */
export function zip(files: { path: string; text: string }[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const file of files) {
    const [path, bytes] = [encoder.encode(file.path), encoder.encode(file.text)];
    const about = numbers(
      [2, VERSION], [2, FLAGS], [2, 0], [2, 0], [2, DAY], [4, crc32(bytes)],
      [4, bytes.length], [4, bytes.length], [2, path.length], [2, 0],
    );
    const head = Uint8Array.from([...numbers([4, 0x04034b50]), ...about]);
    parts.push(head, path, bytes);
    directory.push(Uint8Array.from([
      ...numbers([4, 0x02014b50], [2, VERSION]), ...about,
      ...numbers([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]),
    ]), path);
    offset += head.length + path.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const count = files.length;
  const end = Uint8Array.from(numbers(
    [4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0],
  ));
  const all = [...parts, ...directory, end];
  const made = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}
