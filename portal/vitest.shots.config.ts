import { defineConfig, mergeConfig } from 'vitest/config';
import stories from './vitest.stories.config';

/** Pictures of all pages; see `tests/shots`. */
export default mergeConfig(stories, defineConfig({ test: { include: ['tests/**/*.shot.ts'] } }));
