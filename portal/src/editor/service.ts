/** What the language service of KQL says of a text, restricted to what the server implements. */

import type { Schema, SchemaFunction, SchemaTable } from '../lib/schema';
import { arrayOf, kusto, listOf, type CodeService, type FunctionSymbol } from './kusto';
import type { GlobalState } from './kusto';

export interface Suggestion {
  label: string;
  /** Behind the label: parameters of a function. */
  detail: string;
  kind: 'column' | 'table' | 'function' | 'aggregate' | 'keyword' | 'variable' | 'constant';
  before: string;
  after: string;
}

export interface Suggestions {
  start: number;
  end: number;
  items: Suggestion[];
}

export interface Finding {
  code: string;
  severity: 'error' | 'warning';
  message: string;
  start: number;
  end: number;
}

export interface Signature {
  parameters: { name: string; doc: string }[];
}

const kinds: Record<string, Suggestion['kind']> = {
  Column: 'column',
  Table: 'table',
  MaterialiedView: 'table',
  BuiltInFunction: 'function',
  LocalFunction: 'function',
  DatabaseFunction: 'function',
  AggregateFunction: 'aggregate',
  Parameter: 'variable',
  Variable: 'variable',
  RenderChart: 'constant',
  Option: 'constant',
  ScalarType: 'constant',
};

/** Names with other signs than these are written in brackets. */
function quoted(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `['${name.replaceAll("'", "\\'")}']`;
}

/** Columns as a schema of theirs; types they do not have are dynamic. */
function columnsText(columns: { name: string; type: string }[]): string {
  return columns.map(({ name, type }) => `${quoted(name)}:${type}`).join(', ');
}

function tableSymbol(table: SchemaTable): unknown {
  const { TableSymbol } = kusto().Language.Symbols;
  return new TableSymbol.$ctor7(table.name, `(${columnsText(table.columns)})`, table.doc);
}

function functionSymbol(found: SchemaFunction): unknown {
  const { FunctionSymbol } = kusto().Language.Symbols;
  const parameters = found.parameters.map((parameter) => {
    const type = parameter.type === 'table' ? '(*)' : parameter.type;
    const rest = parameter.default === undefined ? '' : `=${parameter.default}`;
    return `${quoted(parameter.name)}:${type}${rest}`;
  });
  const body = `{ datatable(${columnsText(found.columns ?? [])})[] }`;
  return new FunctionSymbol.$ctor16(found.name, `(${parameters.join(', ')})`, body, found.doc);
}

/** Their functions and ours, as far as the server implements them. */
function implemented(all: FunctionSymbol[], names: string[]): FunctionSymbol[] {
  const wanted = new Set(names);
  return all.filter((found) => wanted.has(found.Name));
}

export class LanguageService {
  #globals: GlobalState = kusto().Language.GlobalState.Default;
  #functions = new Map<string, FunctionSymbol>();
  #hidden = new Set<string>();
  #renders: Set<string> | null = null;
  #last: { text: string; service: CodeService } | null = null;
  readonly #kinds = new Map(
    Object.entries(kusto().Language.Editor.CompletionKind)
      .filter(([, value]) => typeof value === 'number')
      .map(([name, value]) => [value, name]),
  );

  setSchema(schema: Schema): void {
    const { Language } = kusto();
    const words = schema.implemented;
    const all = Language.GlobalState.Default;
    const scalars = implemented(arrayOf(all.Functions), words.functions);
    const aggregates = implemented(arrayOf(all.Aggregates), words.aggregates);
    const plugins = implemented(arrayOf(all.PlugIns), words.plugins);
    const members = [
      ...schema.tables.map(tableSymbol),
      ...(schema.workspaceTables ?? []).map(tableSymbol),
      ...schema.functions.map(functionSymbol),
    ];
    const database = new Language.Symbols.DatabaseSymbol.$ctor3('', null, listOf(members), false);
    this.#globals = all
      .WithFunctions(listOf(scalars))
      .WithAggregates(listOf(aggregates))
      .WithPlugIns(listOf(plugins))
      .WithDatabase(database);
    this.#functions = new Map([...scalars, ...aggregates, ...plugins].map((f) => [f.Name, f]));
    this.#renders = new Set(words.renders);
    this.#hidden = hiddenWords(words.operators, [...this.#functions.keys()], schema);
    this.#last = null;
  }

  #service(text: string): CodeService {
    if (this.#last?.text !== text) {
      const make = kusto().Language.Editor.KustoCodeService.$ctor1;
      this.#last = { text, service: new make(text, this.#globals) };
    }
    return this.#last.service;
  }

  complete(text: string, at: number): Suggestions {
    const found = this.#service(text).GetCompletionItems(at);
    const items: Suggestion[] = [];
    for (const item of arrayOf(found.Items)) {
      const label = item.MatchText || item.DisplayText;
      const kind = this.#kinds.get(item.Kind) ?? '';
      if (kind === 'Punctuation' || this.#isHidden(kind, label)) continue;
      const isCall = item.BeforeText.trimEnd().endsWith('(');
      items.push({
        label,
        detail: item.DisplayText.startsWith(label) ? item.DisplayText.slice(label.length) : '',
        kind: kinds[kind] ?? 'keyword',
        before: isCall ? item.BeforeText.trimEnd() : trimmed(item.BeforeText, kind),
        after: item.AfterText,
      });
    }
    return { start: found.EditStart, end: found.EditStart + found.EditLength, items };
  }

  #isHidden(kind: string, label: string): boolean {
    if (kind === 'RenderChart') return this.#renders !== null && !this.#renders.has(label);
    return kind !== 'Column' && (this.#hidden.has(label) || label.startsWith('hint.'));
  }

  diagnose(text: string): Finding[] {
    return arrayOf(this.#service(text).GetDiagnostics()).map((found) => ({
      code: found.Code,
      severity: found.Severity === 'Error' ? 'error' : 'warning',
      message: found.Message,
      start: found.Start,
      end: found.Start + found.Length,
    }));
  }

  /** The text laid out; the service ends lines as Windows does. */
  format(text: string): string {
    const options = kusto().Language.Editor.FormattingOptions.Default.WithPipeOperatorStyle(1);
    return this.#service(text).GetFormattedText(options).Text.replaceAll('\r\n', '\n');
  }

  hover(text: string, at: number): string {
    return (this.#service(text).GetQuickInfo(at).Text ?? '').replaceAll('\r\n', '\n').trim();
  }

  signatures(name: string): Signature[] {
    const found = this.#functions.get(name);
    return arrayOf(found?.Signatures).map((signature) => ({
      parameters: arrayOf(signature.Parameters)
        .map((parameter) => ({ name: parameter.Name, doc: parameter.Description ?? '' })),
    }));
  }
}

/** Columns and variables are written without the space that would follow them. */
function trimmed(text: string, kind: string): string {
  return kinds[kind] && kind !== 'Table' ? text.trimEnd() : text;
}

/** Words the service knows and the server does not. */
function hiddenWords(operators: string[], functions: string[], schema: Schema): Set<string> {
  const known = new Set([...operators, ...functions]);
  for (const found of [...schema.tables, ...schema.functions]) known.add(found.name);
  return new Set(serviceWords.filter((word) => !known.has(word)));
}

/** Operators and sources that the service offers as words; the rest are clauses of them. */
const serviceWords = [
  'as', 'assert-schema', 'cluster', 'consume', 'count', 'database', 'datatable', 'distinct',
  'entity_group', 'evaluate', 'execute-and-cache', 'extend', 'external_table', 'externaldata',
  'facet', 'filter', 'find', 'fork', 'getschema', 'graph', 'graph-mark-components', 'graph-match',
  'graph-merge', 'graph-shortest-paths', 'graph-to-table', 'graph-where-edges',
  'graph-where-nodes', 'inline_external_table', 'invoke', 'join', 'limit', 'lookup', 'macro-expand',
  'make-graph', 'make-series', 'materialized_view', 'mv-apply', 'mv-expand', 'order', 'parse',
  'parse-kv', 'parse-where', 'partition', 'print', 'project', 'project-away',
  'project-by-names', 'project-keep', 'project-rename', 'project-reorder', 'range', 'reduce',
  'render', 'sample', 'sample-distinct', 'scan', 'search', 'serialize', 'sort',
  'stored_query_result', 'summarize', 'table', 'take', 'top', 'top-hitters', 'top-nested', 'union',
  'where', '__partitionby', '__crossCluster', '__crossDB', '__executeAndCache',
  '__contextual_datatable',
];
