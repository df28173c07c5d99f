/** Texts and names as KQL writes them. */

/** A string literal. */
export function text(value: string): string {
  const escaped = value.replace(/[\\"\u0000-\u001f\u007f\u2028\u2029]/g, (found) => {
    if (found === '\\' || found === '"') return `\\${found}`;
    if (found === '\n') return '\\n';
    if (found === '\r') return '\\r';
    if (found === '\t') return '\\t';
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

/** A name of a column or table, in brackets unless it is plain. */
export function name(value: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? value : `[${text(value)}]`;
}

/** Lines that are not empty, joined. */
export function lines(...parts: (string | null | undefined | false)[]): string {
  return parts.filter(Boolean).join('\n');
}
