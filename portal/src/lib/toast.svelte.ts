/** A short sentence that goes by itself; also read aloud. */

class Toast {
  text = $state('');
}

export const shown = new Toast();
let timer: ReturnType<typeof setTimeout> | undefined;

export function toast(text: string): void {
  clearTimeout(timer);
  shown.text = text;
  timer = setTimeout(() => {
    shown.text = '';
  }, 3500);
}
