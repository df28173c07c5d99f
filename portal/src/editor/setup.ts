/** The parts of the editor, put together. */

import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import {
  defaultKeymap, history, historyKeymap, indentWithTab, temporarilySetTabFocusMode, toggleComment,
} from '@codemirror/commands';
import {
  bracketMatching, foldGutter, foldKeymap, foldService, indentUnit,
} from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, Prec, RangeSetBuilder, type Extension } from '@codemirror/state';
import {
  Decoration, drawSelection, EditorView, highlightActiveLineGutter, keymap, lineNumbers,
  placeholder, ViewPlugin, type DecorationSet, type KeyBinding, type ViewUpdate,
} from '@codemirror/view';
import { findings, type Checked } from './findings';
import { closeCall, help, type Knowledge } from './help';
import { kqlLanguage } from './language';
import { statementAt, statements } from './statements';
import { look } from './theme';

/** Marks the lines of the statement at the caret, where there are several. */
const currentStatement = ViewPlugin.fromClass(class {
  decorations: DecorationSet;

  constructor(view: EditorView) {
    this.decorations = marks(view);
  }

  update(update: ViewUpdate): void {
    if (update.docChanged || update.selectionSet) this.decorations = marks(update.view);
  }
}, { decorations: (plugin) => plugin.decorations });

const currentLine = Decoration.line({ class: 'cm-current' });

function marks(view: EditorView): DecorationSet {
  const text = view.state.doc.toString();
  const builder = new RangeSetBuilder<Decoration>();
  if (statements(text).length > 1) {
    const { start, end } = statementAt(text, view.state.selection.main.head);
    for (let at = start; at <= end;) {
      const line = view.state.doc.lineAt(at);
      builder.add(line.from, line.from, currentLine);
      at = line.to + 1;
    }
  }
  return builder.finish();
}

/** Statements of several lines fold to their first one. */
const foldStatements = foldService.of((state, lineStart, lineEnd) => {
  const text = state.doc.toString();
  const { start, end } = statementAt(text, lineStart);
  return start === lineStart && end > lineEnd ? { from: lineEnd, to: end } : null;
});

export interface Parts extends Knowledge {
  app: () => string;
  values: () => Record<string, string>;
  label: string;
  nonce: string;
  keys: KeyBinding[];
  changed: (text: string) => void;
  moved: (at: number) => void;
  checked: (answer: Checked) => void;
}

export function extensions(parts: Parts): Extension {
  return [
    parts.nonce === '' ? [] : EditorView.cspNonce.of(parts.nonce),
    Prec.highest(keymap.of(parts.keys)),
    lineNumbers(),
    foldGutter({ openText: '▾', closedText: '▸' }),
    foldStatements,
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    EditorState.allowMultipleSelections.of(true),
    indentUnit.of('    '),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches(),
    currentStatement,
    kqlLanguage(),
    look,
    placeholder('Write a query, or choose a table. Shift+Enter runs it.'),
    EditorView.contentAttributes.of({ 'aria-label': parts.label }),
    EditorView.lineWrapping,
    help(parts),
    findings(parts),
    keymap.of([
      { key: 'Mod-/', run: toggleComment },
      { key: 'Escape', run: closeCall },
      // From here Tab leaves the editor.
      { key: 'Ctrl-m', mac: 'Shift-Alt-m', run: temporarilySetTabFocusMode },
      ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...foldKeymap,
      ...completionKeymap, ...lintKeymap, ...searchKeymap, indentWithTab,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) parts.changed(update.state.doc.toString());
      if (update.docChanged || update.selectionSet) parts.moved(update.state.selection.main.head);
    }),
  ];
}
