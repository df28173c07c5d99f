/** Drawing a range over a chart with the pointer, and going back by a double click. */

import type { Range } from '../lib/time';

export interface Brush {
  /** Milliseconds at a place of the chart, in pixels from its left; `null`: outside. */
  timeAt: (left: number) => number | null;
  /** Ends of the band that is drawn; `null`: none. */
  show: (band: { left: number; width: number } | null) => void;
  done: (range: Range | null) => void;
}

/** Pixels below which a movement is a click. */
const LEAST = 6;

export function brushing(element: HTMLElement, brush: Brush): () => void {
  let from: number | null = null;
  let pointer = -1;

  const leftOf = (event: PointerEvent): number =>
    event.clientX - element.getBoundingClientRect().left;

  function start(event: PointerEvent): void {
    // Fingers scroll the page.
    if (event.button !== 0 || event.pointerType === 'touch') return;
    from = leftOf(event);
    pointer = event.pointerId;
  }

  function move(event: PointerEvent): void {
    if (from === null || event.pointerId !== pointer) return;
    const to = leftOf(event);
    if (Math.abs(to - from) < LEAST) return;
    if (!element.hasPointerCapture(pointer)) element.setPointerCapture(pointer);
    brush.show({ left: Math.min(from, to), width: Math.abs(to - from) });
  }

  function end(event: PointerEvent): void {
    if (from === null || event.pointerId !== pointer) return;
    const start = from;
    const to = leftOf(event);
    from = null;
    brush.show(null);
    if (event.type === 'pointercancel' || Math.abs(to - start) < LEAST) return;
    const a = brush.timeAt(Math.min(start, to));
    const b = brush.timeAt(Math.max(start, to));
    if (a !== null && b !== null && b - a >= 1) brush.done({ from: new Date(a), to: new Date(b) });
  }

  function back(): void {
    brush.done(null);
  }

  const listeners = {
    pointerdown: start, pointermove: move, pointerup: end, pointercancel: end,
  };
  for (const [kind, run] of Object.entries(listeners)) {
    element.addEventListener(kind, run as EventListener);
  }
  element.addEventListener('dblclick', back);
  return () => {
    for (const [kind, run] of Object.entries(listeners)) {
      element.removeEventListener(kind, run as EventListener);
    }
    element.removeEventListener('dblclick', back);
  };
}
