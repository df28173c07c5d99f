/** What in a text of KQL is no code. */

const comment = '//[^\\n]*';
const verbatim = '@"(?:[^"]|"")*"?|@\'(?:[^\']|\'\')*\'?';
const plain = '"(?:\\\\.|[^"\\\\\\n])*"?|\'(?:\\\\.|[^\'\\\\\\n])*\'?';

/** Finds comments, texts, and what `more` describes outside of them, one after another. */
export function codeParts(more: string): RegExp {
  return new RegExp([comment, verbatim, plain, more].join('|'), 'g');
}
