/** Copying also works on plain-HTTP host names, where browsers have no clipboard interface. */

import { toast } from './toast.svelte';

export async function copy(text: string, what = 'Copied'): Promise<void> {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyByArea(text);
    toast(what);
  } catch {
    try {
      copyByArea(text);
      toast(what);
    } catch {
      toast('The browser did not allow copying.');
    }
  }
}

function copyByArea(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  area.setAttribute('aria-hidden', 'true');
  area.style.position = 'fixed';
  area.style.opacity = '0';
  // A dialog makes everything outside of it inert.
  const parent = document.activeElement?.closest('dialog') ?? document.body;
  const before = document.activeElement as HTMLElement | null;
  parent.append(area);
  area.select();
  const isDone = document.execCommand('copy');
  area.remove();
  before?.focus();
  if (!isDone) throw new Error('refused');
}
