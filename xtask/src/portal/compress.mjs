// Writes FILE.br and FILE.gz beside every file of a folder that gets smaller by it.
// usage: node compress.mjs FOLDER CACHE; what was compressed before is taken from CACHE.
//
// Node does it because its compressors are compiled code: those of an unoptimised build of ours
// take ten times as long.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const [folder, cache] = process.argv.slice(2);
const TEXT = /\.(js|mjs|css|json|map|svg|txt|wasm|webmanifest)$/;

const packers = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gz: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

async function packed(ending, bytes) {
  const name = join(cache, `${createHash('sha256').update(bytes).digest('hex')}.${ending}`);
  try {
    return await readFile(name);
  } catch {
    const result = await packers[ending](bytes);
    // A run that is stopped meanwhile, or another one, leaves no half of a file under the name.
    const beside = `${name}.${process.pid}`;
    await writeFile(beside, result);
    await rename(beside, name);
    return result;
  }
}

async function compress(file) {
  const bytes = await readFile(file);
  const [br, gz] = await Promise.all([packed('br', bytes), packed('gz', bytes)]);
  if (gz.length < bytes.length) {
    await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)]);
  }
}

await mkdir(cache, { recursive: true });
const entries = await readdir(folder, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile() && TEXT.test(entry.name));
await Promise.all(
  files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(join(folder, '.vite')))
    .map(compress),
);
