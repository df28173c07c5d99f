/** The look of the editor, from the tokens of the portal; light and dark come with them. */

import { EditorView } from '@codemirror/view';

export const look = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--surface)', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: 'var(--mono)', fontSize: 'var(--fs-s)', lineHeight: '1.6', overflow: 'auto',
  },
  '.cm-content': { padding: 'var(--s-2) 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 var(--s-3)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)', borderLeftWidth: '2px' },
  [`&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground,
    .cm-selectionBackground`]: { background: 'color-mix(in srgb, var(--accent) 28%, transparent)' },
  '.cm-gutters': {
    backgroundColor: 'var(--surface)', color: 'var(--text-3)', border: 'none',
    paddingLeft: 'var(--s-1)',
  },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '2rem', padding: '0 var(--s-1)' },
  '.cm-foldGutter .cm-gutterElement': { cursor: 'pointer', width: '1rem' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--text)' },
  '.cm-current': { boxShadow: 'inset 3px 0 0 var(--accent)' },
  '.cm-placeholder': { color: 'var(--text-3)' },
  '&.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--accent-soft)', outline: '1px solid var(--accent)',
  },
  '.cm-selectionMatch': { backgroundColor: 'var(--surface-3)' },
  '.cm-foldPlaceholder': {
    backgroundColor: 'var(--surface-3)', border: 'none', color: 'var(--text-2)',
  },
  '.cm-tooltip': {
    border: '1px solid var(--border)', borderRadius: 'var(--radius)',
    backgroundColor: 'var(--overlay)', color: 'var(--text)', boxShadow: 'var(--shadow-l)',
    fontSize: 'var(--fs-s)', maxWidth: 'min(36rem, calc(100vw - 2rem))',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--mono)', maxHeight: '20rem', minWidth: '14rem',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': {
    padding: '2px var(--s-2)', lineHeight: '1.5', color: 'var(--text)',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    background: 'var(--accent-soft)', color: 'var(--text)',
  },
  '.cm-completionMatchedText': {
    textDecoration: 'none', color: 'var(--accent-text)', fontWeight: '600',
  },
  '.cm-completionDetail': { color: 'var(--text-3)', fontStyle: 'normal', marginLeft: 'var(--s-2)' },
  '.cm-completionIcon': { opacity: '1', color: 'var(--text-3)', width: '1.2em' },
  '.cm-completionIcon-property:after': { content: '"c"' },
  '.cm-completionIcon-class:after': { content: '"t"' },
  '.cm-completionIcon-variable:after': { content: '"v"' },
  '.cm-completionIcon-keyword:after': { content: '"k"' },
  '.cm-completionIcon-enum:after': { content: '"="' },
  '.cm-completionIcon-function:after': { content: '"f"' },
  '.cm-help': {
    padding: 'var(--s-2) var(--s-3)', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere',
  },
  '.cm-help b': { color: 'var(--accent-text)' },
  '.cm-help p': { color: 'var(--text-2)', marginTop: 'var(--s-1)' },
  '.cm-diagnostic': {
    padding: 'var(--s-1) var(--s-3)', borderLeftWidth: '3px', maxWidth: '36rem',
    whiteSpace: 'pre-wrap',
  },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--fail)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--partly)' },
  '.cm-diagnosticAction': {
    backgroundColor: 'var(--accent)', color: 'var(--on-accent)', borderRadius: 'var(--radius-s)',
    padding: '2px var(--s-2)', margin: '0 0 0 var(--s-2)', fontSize: 'var(--fs-xs)',
  },
  '.cm-lintRange-error': {
    backgroundImage: 'none', textDecoration: 'underline wavy var(--fail)',
    textUnderlineOffset: '3px', textDecorationSkipInk: 'none',
  },
  '.cm-lintRange-warning': {
    backgroundImage: 'none', textDecoration: 'underline wavy var(--partly)',
    textUnderlineOffset: '3px', textDecorationSkipInk: 'none',
  },
  '.cm-panels': { backgroundColor: 'var(--surface-2)', color: 'var(--text)' },
  '.cm-panels.cm-panels-bottom': { borderTop: '1px solid var(--border)' },
  '.cm-textfield': {
    border: '1px solid var(--border-strong)', borderRadius: 'var(--radius-s)',
    backgroundColor: 'var(--surface)', color: 'var(--text)',
  },
  '.cm-button': {
    border: '1px solid var(--border)', borderRadius: 'var(--radius-s)', backgroundImage: 'none',
    backgroundColor: 'var(--surface)', color: 'var(--text)',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--partly-soft)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-soft)' },
});
