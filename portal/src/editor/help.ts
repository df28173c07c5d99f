/** Help at the place: completion, what a name is, and the parameters of the call one is in. */

import {
  autocompletion, snippet, type Completion, type CompletionContext, type CompletionResult,
} from '@codemirror/autocomplete';
import { StateEffect, StateField, type EditorState, type Extension } from '@codemirror/state';
import {
  EditorView, hoverTooltip, showTooltip, ViewPlugin, type Tooltip, type ViewUpdate,
} from '@codemirror/view';
import type { Implemented, Schema } from '../lib/schema';
import type { LanguageClient } from './client';
import { completeLocally } from './local';
import type { Suggestion, Suggestions } from './service';
import { callAt, statementAt } from './statements';

const ranks: Record<Suggestion['kind'], number> = {
  column: 6, variable: 5, table: 4, keyword: 3, aggregate: 1, function: 0, constant: -1,
};

const types: Record<Suggestion['kind'], string> = {
  column: 'property', variable: 'variable', table: 'class', keyword: 'keyword', constant: 'enum',
  function: 'function', aggregate: 'function',
};

function option(found: Suggestion): Completion {
  const escaped = (text: string) => text.replace(/[$#\\{}]/g, '\\$&');
  const hasInside = found.after !== '';
  return {
    label: found.label,
    detail: found.detail.slice(0, 80),
    type: types[found.kind],
    boost: ranks[found.kind],
    apply: hasInside ? snippet(`${escaped(found.before)}\${}${escaped(found.after)}`)
      : found.before,
  };
}

function result(found: Suggestions, offset: number): CompletionResult | null {
  if (found.items.length === 0) return null;
  return {
    from: found.start + offset,
    options: found.items.map(option),
    validFor: /^[\w-]*$/,
  };
}

export interface Knowledge {
  client: LanguageClient;
  schema: () => Schema | null;
}

/** Where something must come: in a word, after signs, after words that want a name. */
const asks = new RegExp('\\w$|[|(.,=]\\s?$'
  + '|\\b(?:by|where|extend|project|render|on|and|or|evaluate|summarize) $');

function completion({ client, schema }: Knowledge): Extension {
  async function source(context: CompletionContext): Promise<CompletionResult | null> {
    const text = context.state.doc.toString();
    const before = text.slice(0, context.pos);
    // Not while a comment is written.
    if (/\/\/[^\n]*$/.test(before)) return null;
    if (!context.explicit && !asks.test(before)) return null;
    const { start } = statementAt(text, context.pos);
    const offset = Math.min(start, context.pos);
    const found = await client.complete(text.slice(offset), context.pos - offset);
    if (context.aborted) return null;
    if (found) return result(found, offset);
    const known = schema();
    return known ? result(completeLocally(known, before.slice(offset)), offset) : null;
  }
  return autocompletion({ override: [source], activateOnTypingDelay: 60, maxRenderedOptions: 10 });
}

function helpBox(parts: (string | Node)[]): HTMLElement {
  const box = document.createElement('div');
  box.className = 'cm-help';
  box.append(...parts);
  return box;
}

function paragraph(text: string): HTMLElement {
  const found = document.createElement('p');
  found.textContent = text;
  return found;
}

/** What the word from `from` to `to` does, where it is an operator or a call. */
export function docOf(
  { docs }: Pick<Implemented, 'docs'>, text: string, from: number, to: number,
): { title: string; doc: string } | null {
  if (/(?:^|[|(;]|\n\n)\s*$/.test(text.slice(0, from))) {
    const word = text.slice(from, to) + (/^(?:-\w+)*/.exec(text.slice(to))?.[0] ?? '');
    const found = docs?.operators[word];
    if (found) return { title: found.form, doc: found.doc };
  }
  const doc = /^\s*\(/.test(text.slice(to)) ? docs?.functions[text.slice(from, to)] : undefined;
  return doc ? { title: '', doc: `${doc.charAt(0).toUpperCase()}${doc.slice(1)}.` } : null;
}

function hover({ client, schema }: Knowledge): Extension {
  return hoverTooltip(async (view, at) => {
    const text = view.state.doc.toString();
    const word = view.state.wordAt(at);
    if (!word) return null;
    const { start, end } = statementAt(text, at);
    const own = docOf(schema()?.implemented ?? {}, text, word.from, word.to);
    const found = await client.hover(text.slice(start, end), Math.max(at - start, 0)) || own?.title;
    if (!found && !own) return null;
    const [first = '', ...rest] = (found ?? '').split('\n\n');
    const about = [...(own ? [own.doc] : []), ...rest].slice(0, 3).map(paragraph);
    return {
      pos: word.from,
      end: word.to,
      create: () => ({ dom: helpBox([first, ...about]) }),
    };
  }, { hoverTime: 350 });
}

const setCall = StateEffect.define<Tooltip | null>();

const callField = StateField.define<Tooltip | null>({
  create: () => null,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setCall)) return effect.value;
    return value && transaction.docChanged
      ? { ...value, pos: transaction.changes.mapPos(value.pos) } : value;
  },
  provide: (field) => showTooltip.from(field),
});

/** `bin(value, **roundTo**)` for the call around the caret. */
async function callTooltip(state: EditorState, knowledge: Knowledge): Promise<Tooltip | null> {
  const at = state.selection.main.head;
  const text = state.doc.toString();
  const { start } = statementAt(text, at);
  const call = start <= at ? callAt(text.slice(start, at), at - start) : null;
  if (!call) return null;
  const { client, schema } = knowledge;
  const own = schema()?.functions.find(({ name }) => name === call.name);
  const lists = own
    ? [{ parameters: own.parameters.map((one) => ({ name: `${one.name}: ${one.type}`, doc: '' })) }]
    : await client.signatures(call.name);
  const found = lists?.find(({ parameters }) => parameters.length > call.argument)
    ?? lists?.[lists.length - 1];
  if (!found) return null;
  const active = Math.min(call.argument, found.parameters.length - 1);
  const parts: (string | Node)[] = [`${call.name}(`];
  found.parameters.forEach(({ name }, index) => {
    if (index > 0) parts.push(', ');
    const part = document.createElement(index === active ? 'b' : 'span');
    part.textContent = name;
    parts.push(part);
  });
  parts.push(')');
  const doc = found.parameters[active]?.doc || own?.doc;
  if (doc) parts.push(paragraph(doc));
  return { pos: start + call.start, above: true, create: () => ({ dom: helpBox(parts) }) };
}

function signatures(knowledge: Knowledge): Extension {
  const plugin = ViewPlugin.fromClass(class {
    #turn = 0;

    update(update: ViewUpdate): void {
      if (!update.docChanged && !update.selectionSet && !update.focusChanged) return;
      this.#turn += 1;
      const turn = this.#turn;
      const { view } = update;
      const wanted = view.hasFocus && view.state.selection.main.empty
        ? callTooltip(view.state, knowledge) : Promise.resolve(null);
      void wanted.then((tooltip) => {
        if (turn !== this.#turn) return;
        if (!tooltip && !view.state.field(callField)) return;
        view.dispatch({ effects: setCall.of(tooltip) });
      });
    }
  });
  return [callField, plugin];
}

export function closeCall(view: EditorView): boolean {
  if (!view.state.field(callField, false)) return false;
  view.dispatch({ effects: setCall.of(null) });
  return true;
}

export function help(knowledge: Knowledge): Extension {
  return [completion(knowledge), hover(knowledge), signatures(knowledge)];
}
