/** The tokens as they are now; read once for each change of the theme. */

import { theme, token } from '../lib/theme.svelte';
import { readTokens, type Tokens } from './tokens';

let read: Tokens | null = null;
let version = -1;

export function chartTokens(): Tokens {
  if (!read || version !== theme.version) {
    read = readTokens(token);
    version = theme.version;
  }
  return read;
}
