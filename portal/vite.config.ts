/// <reference types="vitest/config" />
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/**
 * The language service is a script of sloppy mode that looks for a global object; a module worker
 * has none of that name.
 */
const kustoGlobal: Plugin = {
  name: 'kusto-global',
  transform(code, id) {
    if (!id.includes('@kusto/language-service')) return null;
    return { code: `var global = globalThis;\n${code}`, map: null };
  },
};

/** The server that answers the APIs while the portal is served by Vite. */
const server = process.env.TELLTALE_URL ?? 'http://127.0.0.1:8321';
const apis = ['/api', '/v1', '/v2', '/badges', '/hooks', '/s/'];

export default defineConfig({
  base: './',
  plugins: [svelte(), kustoGlobal],
  worker: { format: 'es', plugins: () => [kustoGlobal] },
  build: {
    target: 'es2024',
    sourcemap: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 6000,
    assetsInlineLimit: 0,
  },
  server: { proxy: Object.fromEntries(apis.map((path) => [path, { target: server }])) },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
