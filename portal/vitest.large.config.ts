import { defineConfig } from 'vitest/config';

/** Times of pages over many rows; see `tests/large`. */
export default defineConfig({
  test: {
    include: ['tests/**/*.large.ts'],
    environment: 'node',
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    maxWorkers: 1,
  },
});
