/** Keys of the keyboard: one list of what they do on the page that is shown. */

import { onMount } from 'svelte';
import { keep, recall } from './storage';

export interface Shortcut {
  /** `r`, `Shift+R`, `Ctrl+K`, or two after another: `g o`. */
  keys: string;
  about: string;
  run: (event: KeyboardEvent) => void;
  /** Also while something is typed. */
  whileTyping?: boolean;
}

class Shortcuts {
  groups = $state.raw<{ title: string; shortcuts: Shortcut[] }[]>([]);
  /** Single letters can be switched off (WCAG 2.1.4). */
  singles = $state(true);
}

export const shortcuts = new Shortcuts();

export function setSingles(on: boolean): void {
  shortcuts.singles = on;
  keep('keys', on ? 'on' : 'off');
}

/** Adds shortcuts for as long as the component that calls is there. */
export function useShortcuts(title: string, list: Shortcut[]): void {
  onMount(() => {
    const group = { title, shortcuts: list };
    shortcuts.groups = [...shortcuts.groups, group];
    return () => {
      shortcuts.groups = shortcuts.groups.filter((found) => found !== group);
    };
  });
}

/** The key as `Shortcut.keys` writes it. */
export function keyName(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key : event.key.replace('Arrow', '');
  const isLetter = /^[a-z]$/i.test(key);
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push('Ctrl');
  if (event.altKey) parts.push('Alt');
  // Signs such as `?` have their shift in them.
  if (event.shiftKey && (isLetter || key.length > 1)) parts.push('Shift');
  parts.push(isLetter && parts.length > 0 ? key.toUpperCase() : key);
  return parts.join('+');
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

let first = '';
let firstAt = 0;

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if (['Control', 'Shift', 'Alt', 'Meta'].includes(event.key)) return;
  const name = keyName(event);
  // What lies above the page is closed first, by the browser.
  if (name === 'Escape' && document.querySelector(':popover-open, dialog[open]')) return;
  const isPlain = !/^(Ctrl|Alt)\+/.test(name);
  const typing = isTyping(event.target);
  if (isPlain && !shortcuts.singles && name.length === 1) return;
  const isSecond = first !== '' && event.timeStamp - firstAt < 1500;
  const wanted = isSecond && !typing ? `${first} ${name}` : name;
  const all = shortcuts.groups.toReversed().flatMap((group) => group.shortcuts);
  const usable = all.filter((found) => !typing || found.whileTyping || !isPlain);
  const found = usable.find(({ keys }) => keys === wanted);
  const starts = !typing && !isSecond && all.some(({ keys }) => keys.startsWith(`${name} `));
  first = starts ? name : '';
  firstAt = event.timeStamp;
  if (!found) return;
  event.preventDefault();
  found.run(event);
}

export function startShortcuts(): void {
  shortcuts.singles = recall('keys') !== 'off';
  window.addEventListener('keydown', onKey);
}
