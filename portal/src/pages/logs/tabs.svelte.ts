/** The queries that are open, kept while the browser's tab is. */

import { cut } from '../../lib/format';
import type { Question } from '../../lib/query';
import type { Values } from './parameters';
import { Run } from './run.svelte';

/** Most queries open at once. */
export const TABS_MAX = 20;
/** Results kept of each of them. */
const RUNS_MAX = 5;

export type View = 'results' | 'chart' | 'statistics';

let next = 1;

export class QueryTab {
  readonly id = next++;
  text = $state('');
  /** Values typed for its parameters. */
  values = $state.raw<Values>({});
  /** Name of the saved query it came from. */
  name = $state('');
  savedId = $state('');
  view = $state<View>('results');
  caret = 0;
  /** The result that is shown. */
  run = $state.raw<Run | null>(null);
  runs: Run[] = [];

  constructor(text = '', values: Values = {}) {
    this.text = text;
    this.values = values;
  }

  /** What the tab is called: the saved query, else how its text begins. */
  get title(): string {
    if (this.name !== '') return this.name;
    const text = this.text.replace(/^\s*\/\/\s*/, '').slice(0, 200).replace(/\s+/g, ' ').trim();
    return cut(text, 28) || `Query ${this.id}`;
  }

  start(question: Question, start: number): Run {
    this.run?.cancel();
    const run = new Run(question, start, this.text);
    this.runs = [run, ...this.runs].slice(0, RUNS_MAX);
    this.run = run;
    return run;
  }

  /** Shows the last result of a statement again or, without one, the result before. */
  recall(statement: string): boolean {
    const same = this.runs.find((run) => run !== this.run && run.question.kql === statement);
    const at = this.run ? this.runs.indexOf(this.run) : -1;
    const found = same ?? this.runs[(at + 1) % Math.max(this.runs.length, 1)];
    if (!found) return false;
    this.run = found;
    return true;
  }
}

const KEY = 'queries';

class Tabs {
  list = $state.raw<QueryTab[]>([]);
  current = $state.raw<QueryTab>(new QueryTab());

  constructor() {
    const kept = this.#kept();
    this.list = kept.length > 0 ? kept : [this.current];
    this.current = this.list[this.list.length - 1] as QueryTab;
  }

  #kept(): QueryTab[] {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as [string, Values][];
      return kept.slice(0, TABS_MAX).map(([text, values]) => new QueryTab(String(text), values));
    } catch {
      return [];
    }
  }

  /** Keeps texts and values for when the page is loaded again. */
  keep(): void {
    try {
      const kept = this.list.map(({ text, values }) => [text, values]);
      sessionStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // Too large for the browser; the address still has the current one.
    }
  }

  /** Opens a text: in the current tab when that is empty, else in a new one. */
  open(text: string, values: Values = {}): QueryTab {
    const { current } = this;
    const isFree = current.text.trim() === '' && !current.run;
    const same = text === '' || isFree ? undefined : this.#find(text);
    const opened = isFree ? current : (same ?? this.add());
    [opened.text, opened.values] = [text, values];
    this.current = opened;
    return opened;
  }

  /** The tab that has the text or, for who goes back, had it when it ran. */
  #find(text: string): QueryTab | undefined {
    const now = this.list.find((tab) => tab.text === text);
    if (now) return now;
    for (const tab of this.list) {
      const run = tab.runs.find(({ source }) => source === text);
      if (!run) continue;
      tab.text = text;
      tab.run = run;
      return tab;
    }
    return undefined;
  }

  /** A new tab; when there are too many, the oldest goes. History still has what it ran. */
  add(text = ''): QueryTab {
    const made = new QueryTab(text);
    this.list = [...this.list, made].slice(-TABS_MAX);
    this.current = made;
    return made;
  }

  close(tab: QueryTab): void {
    tab.run?.cancel();
    const at = this.list.indexOf(tab);
    const rest = this.list.filter((found) => found !== tab);
    this.list = rest.length > 0 ? rest : [new QueryTab()];
    if (tab === this.current) {
      this.current = this.list[Math.min(at, this.list.length - 1)] as QueryTab;
    }
  }
}

export const tabs = new Tabs();
