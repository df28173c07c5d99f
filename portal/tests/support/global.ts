/** Makes the demonstration data once for all stories. */

import { mkdtempSync, rmSync } from 'node:fs';
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
  telltale('demo', '--data', demo);
  project.provide('demo', demo);
  return () => rmSync(folder, { recursive: true, force: true });
}
