/** What is wrong with the statement at the caret: first as the worker sees it, then the server. */

import { setDiagnostics, type Diagnostic as Mark } from '@codemirror/lint';
import { StateEffect } from '@codemirror/state';
import { ViewPlugin, type EditorView, type ViewUpdate } from '@codemirror/view';
import { sendJson, type Diagnostic } from '../lib/api';
import type { Column, Declared } from '../lib/query';
import type { LanguageClient } from './client';
import { statementAt } from './statements';

export interface Checked {
  diagnostics: Diagnostic[];
  columns: Column[] | null;
  timeInQuery: boolean;
  parameters: Declared[];
  /** The statement that this is about. */
  kql: string;
}

/** Something else than the text changed that the findings depend on. */
export const checkAgain = StateEffect.define<null>();

interface Asks {
  app: () => string;
  values: () => Record<string, string>;
  client: LanguageClient;
  /** Hears what the server says of the statement. */
  checked: (answer: Checked) => void;
}

const WORKER_DELAY_MS = 120;
const SERVER_DELAY_MS = 300;

/** Marks of findings whose offsets count from `offset`. */
export function marksOf(found: Diagnostic[], offset: number, length: number): Mark[] {
  return found.map((finding) => {
    const from = Math.min(finding.start + offset, length);
    const to = Math.min(Math.max(finding.end + offset, from), length);
    const { suggestion, replacement } = finding;
    const message = suggestion ? `${finding.message}\n${suggestion}` : finding.message;
    return {
      from,
      // What is missing at the end has no length; it must be seen all the same.
      to: to === from && to < length ? to + 1 : to,
      severity: finding.severity,
      message,
      source: finding.code,
      ...(replacement === undefined ? {} : {
        actions: [{
          name: `Change to ${replacement}`,
          apply: (view: EditorView, start: number, end: number) => {
            view.dispatch({ changes: { from: start, to: end, insert: replacement } });
          },
        }],
      }),
    };
  });
}

/** Watches what is typed. */
export function findings({ app, values, client, checked }: Asks) {
  return ViewPlugin.fromClass(class {
    #timers: ReturnType<typeof setTimeout>[] = [];
    #controller: AbortController | null = null;
    #statement = '';

    constructor(view: EditorView) {
      this.#schedule(view);
    }

    update(update: ViewUpdate): void {
      const isAgain = update.transactions
        .some(({ effects }) => effects.some((effect) => effect.is(checkAgain)));
      if (update.docChanged || update.selectionSet || isAgain) this.#schedule(update.view);
    }

    #schedule(view: EditorView): void {
      const text = view.state.doc.toString();
      const { start, end } = statementAt(text, view.state.selection.main.head);
      const statement = `${start} ${JSON.stringify(values())} ${text.slice(start, end)}`;
      if (statement === this.#statement) return;
      this.destroy();
      this.#statement = statement;
      const ask = { text: text.slice(start, end), start };
      this.#timers = [
        setTimeout(() => void this.#askWorker(view, ask), WORKER_DELAY_MS),
        setTimeout(() => void this.#askServer(view, ask), SERVER_DELAY_MS),
      ];
    }

    async #askWorker(view: EditorView, ask: { text: string; start: number }): Promise<void> {
      const statement = this.#statement;
      const found = await client.diagnose(ask.text);
      if (!found || statement !== this.#statement) return;
      const list = found.map((one) => ({ ...one, line: 0, column: 0 }));
      const marks = marksOf(list, ask.start, view.state.doc.length);
      view.dispatch(setDiagnostics(view.state, marks));
    }

    async #askServer(view: EditorView, ask: { text: string; start: number }): Promise<void> {
      const statement = this.#statement;
      this.#controller = new AbortController();
      try {
        const answer = await sendJson<Checked>(
          'POST', 'api/portal/check', { app: app(), kql: ask.text, parameters: values() },
          { signal: this.#controller.signal },
        );
        if (statement !== this.#statement) return;
        const marks = marksOf(answer.diagnostics, ask.start, view.state.doc.length);
        view.dispatch(setDiagnostics(view.state, marks));
        checked({ ...answer, kql: ask.text });
      } catch {
        // What the worker found stays; running the query tells the rest.
      }
    }

    destroy(): void {
      this.#timers.forEach(clearTimeout);
      this.#controller?.abort();
      this.#statement = '';
    }
  });
}
