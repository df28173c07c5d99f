import { defineConfig } from 'vitest/config';
import stories from './vitest.stories.config';

/** Pictures of all pages; see `tests/shots`. */
export default defineConfig({ test: { ...stories.test, include: ['tests/**/*.shot.ts'] } });
