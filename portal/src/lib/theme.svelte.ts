/** Light, dark, or as the system has it; kept by the browser. */

import { keep, recall } from './storage';

export type Theme = 'system' | 'light' | 'dark';

class ThemeChoice {
  choice = $state<Theme>('system');
  /** Changes when what is drawn outside of CSS has to be drawn again. */
  version = $state(0);
}

export const theme = new ThemeChoice();

export function setTheme(choice: Theme): void {
  theme.choice = choice;
  keep('theme', choice);
  apply();
}

function apply(): void {
  const root = document.documentElement;
  if (theme.choice === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme.choice;
  theme.version += 1;
}

export function startTheme(): void {
  const kept = recall('theme');
  if (kept === 'light' || kept === 'dark') theme.choice = kept;
  apply();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    theme.version += 1;
  });
}

/** The value of a token as the browser computes it, for canvases; `--name`. */
export function token(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  probe.style.display = 'none';
  // Series are told apart where the system chooses all other colours, too.
  probe.style.forcedColorAdjust = 'none';
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
