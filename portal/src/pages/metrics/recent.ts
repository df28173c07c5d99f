/** Metrics chosen last; a convenience of this browser. */

const KEY = 'metrics';
const MOST = 5;

export function recent(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter((id) => typeof id === 'string').slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function remember(id: string): void {
  try {
    const rest = recent().filter((other) => other !== id);
    localStorage.setItem(KEY, JSON.stringify([id, ...rest].slice(0, MOST)));
  } catch {
    // Kept for this page only.
  }
}
