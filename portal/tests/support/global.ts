/** Makes the demonstration data once for all stories. */

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { telltale } from './server';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder of `telltale demo`; stories that write copy it. */
    demo: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'telltale-demo-'));
  const demo = join(folder, 'demo');
  // Making it takes a while, so that one that is there can be named.
  if (process.env.DEMO) cpSync(process.env.DEMO, demo, { recursive: true });
  else telltale('demo', '--days', '14', '--data', demo);
  project.provide('demo', demo);
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
