/** Colours of KQL while it is typed: a tokenizer that needs nothing else. */

import {
  HighlightStyle, LanguageSupport, StreamLanguage, syntaxHighlighting, type StringStream,
} from '@codemirror/language';
import { tags } from '@lezer/highlight';

const words = new Set([
  'let', 'set', 'declare', 'query_parameters', 'restrict', 'access', 'to', 'alias', 'pattern',
  'where', 'filter', 'summarize', 'by', 'extend', 'project', 'project-away', 'project-keep',
  'project-rename', 'project-reorder', 'join', 'lookup', 'union', 'on', 'kind', 'take', 'limit',
  'top', 'of', 'top-nested', 'top-hitters', 'with', 'others', 'order', 'sort', 'asc', 'desc',
  'nulls', 'first', 'last', 'distinct', 'count', 'render', 'parse', 'parse-where', 'parse-kv',
  'mv-expand', 'mv-apply', 'make-series', 'step', 'from', 'default', 'range', 'print', 'datatable',
  'evaluate',
  'serialize', 'sample', 'sample-distinct', 'partition', 'fork', 'facet', 'find', 'search', 'in',
  'getschema', 'invoke', 'as', 'consume', 'scan', 'reduce', 'externaldata', 'materialize',
  'toscalar', 'view', 'hint', 'withsource', 'isfuzzy', 'inner', 'leftouter', 'rightouter',
  'fullouter', 'leftanti', 'rightanti', 'leftsemi', 'rightsemi', 'innerunique', 'anti', 'semi',
]);

const wordOperators = new Set([
  'and', 'or', 'not', 'in', 'has', 'has_cs', 'has_any', 'has_all', 'hasprefix', 'hassuffix',
  'contains', 'contains_cs', 'startswith', 'startswith_cs', 'endswith', 'endswith_cs', 'matches',
  'regex', 'between', 'has_ipv4', 'like',
]);

const types = new Set([
  'bool', 'boolean', 'datetime', 'date', 'decimal', 'dynamic', 'guid', 'int', 'long', 'real',
  'double', 'string', 'time', 'timespan',
]);

/** As it stands in `datetime()`. */
const time = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?Z?/;

/** With the unit of a time span. */
const number = /^0x[\da-f]+|^\d+(?:\.\d+)?(?:e[+-]?\d+)?(?:ms|microseconds?|ticks?|[dhms])?\b/i;

interface State {
  /** Inside of a text of several lines, and what ends it. */
  fence: string | null;
  isAfterPipe: boolean;
}

function readFence(stream: StringStream, state: State): string {
  const fence = state.fence ?? '';
  while (!stream.eol()) {
    if (stream.match(fence)) {
      state.fence = null;
      break;
    }
    stream.next();
  }
  return 'string';
}

function readWord(stream: StringStream, state: State): string {
  const word = stream.current();
  const isFirst = state.isAfterPipe;
  state.isAfterPipe = false;
  if (word === 'true' || word === 'false' || word === 'null') return 'atom';
  if (types.has(word)) return 'typeName';
  if (isFirst && words.has(word)) return 'keyword';
  if (wordOperators.has(word)) return 'operatorKeyword';
  if (stream.match(/^\s*\(/, false)) return 'function';
  // A column may be called `count` or `kind`; before `=` and after a dot words are names.
  if (words.has(word) && !/\.\w*$/.test(stream.string.slice(0, stream.pos))) return 'keyword';
  return 'name';
}

function token(stream: StringStream, state: State): string | null {
  if (state.fence) return readFence(stream, state);
  if (stream.eatSpace()) return null;
  if (stream.match('//')) {
    stream.skipToEnd();
    return 'comment';
  }
  for (const fence of ['```', '~~~']) {
    if (stream.match(new RegExp(`^h?${fence}`, 'i'))) {
      state.fence = fence;
      return readFence(stream, state);
    }
  }
  if (stream.match(/^h?@"(?:[^"]|"")*"?|^h?@'(?:[^']|'')*'?/i)) return 'string';
  if (stream.match(/^h?"(?:\\.|[^"\\])*"?|^h?'(?:\\.|[^'\\])*'?/i)) return 'string';
  if (stream.match(time) || stream.match(number)) return 'number';
  if (stream.match('|')) {
    state.isAfterPipe = true;
    return 'punctuation';
  }
  if (stream.match(/^!(?:in|has|contains|startswith|endswith|between)(?:_cs)?~?\b/)) {
    return 'operatorKeyword';
  }
  if (stream.match(/^[A-Za-z_$][\w$]*(?:-[a-z]+)*/)) {
    // A minus between names is one, unless the whole is a word of the language.
    const whole = stream.current();
    if (whole.includes('-') && !words.has(whole)) stream.backUp(whole.length - whole.indexOf('-'));
    return readWord(stream, state);
  }
  if (stream.match(/^(?:==|!=|=~|!~|<=|>=|<>|[-+*/%<>=~!])/)) return 'operator';
  stream.next();
  state.isAfterPipe = false;
  return 'punctuation';
}

const kql = StreamLanguage.define<State>({
  name: 'kql',
  startState: () => ({ fence: null, isAfterPipe: true }),
  copyState: (state) => ({ ...state }),
  blankLine: (state) => {
    if (!state.fence) state.isAfterPipe = true;
  },
  token,
  languageData: {
    commentTokens: { line: '//' },
    closeBrackets: { brackets: ['(', '[', '{', '"', "'"] },
    indentOnInput: /^\s*\|$/,
  },
  tokenTable: { function: tags.function(tags.variableName), name: tags.variableName },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--accent-text)', fontWeight: '600' },
  { tag: tags.operatorKeyword, color: 'var(--accent-text)' },
  { tag: tags.function(tags.variableName), color: 'var(--flaky)' },
  { tag: tags.typeName, color: 'var(--running)' },
  { tag: tags.string, color: 'var(--pass)' },
  { tag: tags.number, color: 'var(--partly)' },
  { tag: tags.atom, color: 'var(--partly)' },
  { tag: tags.comment, color: 'var(--text-3)', fontStyle: 'italic' },
  { tag: tags.operator, color: 'var(--text-2)' },
  { tag: tags.punctuation, color: 'var(--text-2)' },
]);

export function kqlLanguage(): LanguageSupport {
  return new LanguageSupport(kql, [syntaxHighlighting(colours)]);
}
