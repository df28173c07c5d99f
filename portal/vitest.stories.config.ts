import { defineConfig } from 'vitest/config';

/** Browser stories against the built executable; one at a time, for the browser is one. */
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    maxWorkers: 1,
    globalSetup: ['tests/support/global.ts'],
  },
});
