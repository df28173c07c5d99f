/** "Why is my item not here?": what the server says of one item, in words. */

/** The answer of `POST /v2/validate`. */
export interface Validated {
  itemsReceived: number;
  itemsAccepted: number;
  errors: { index: number; statusCode: number; message: string }[];
}

/** What was pasted: the id of an item, or telemetry as a task sends it. */
export function kindOf(text: string): 'id' | 'json' | 'nothing' {
  const trimmed = text.trim();
  if (trimmed === '') return 'nothing';
  return /^[[{]/.test(trimmed) ? 'json' : 'id';
}

/** The verdict about telemetry that was pasted; one sentence a line. */
export function verdict(answer: Validated): string[] {
  const lines = answer.errors.map((error) =>
    `Item ${error.index + 1} would be refused (${error.statusCode}): ${error.message}`);
  const { itemsReceived, itemsAccepted } = answer;
  if (itemsReceived === 0) return ['There is no item in it.'];
  if (itemsAccepted === itemsReceived) {
    return [`${itemsReceived === 1 ? 'It' : `All ${itemsReceived}`} would be taken as it is;`
      + ' if it is not here, it did not arrive: look for its sender’s errors and its address.'];
  }
  return [`${itemsAccepted} of ${itemsReceived} would be taken.`, ...lines];
}
