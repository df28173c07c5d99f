/** Which builds the pages of pipelines are about, and how the reports are called for them. */

import { filtersOf, formatFilter, type Filter } from '../../lib/filters';
import { lines, text } from '../../lib/kql';
import { kqlTime, type Range } from '../../lib/time';

export interface Scope {
  /** Name of a source, as `Organization` has it; empty: all. */
  source: string;
  branch: string;
  /** As `BuildKind` names it. */
  kind: string;
  /** A part of the names of pipelines. */
  pipeline: string;
}

export const everything: Scope = { source: '', branch: '', kind: '', pipeline: '' };

export const kinds = ['PR', 'official', 'CI', 'scheduled', 'chained', 'manual', 'other'];

/** Fields of the filters of an address that make up a scope. */
const fields: Record<keyof Scope, { field: string; op: Filter['op'] }> = {
  source: { field: 'Organization', op: 'eq' },
  branch: { field: 'Branch', op: 'eq' },
  kind: { field: 'Kind', op: 'eq' },
  pipeline: { field: 'Definition', op: 'contains' },
};

export function scopeOf(query: URLSearchParams): Scope {
  const scope = { ...everything };
  for (const filter of filtersOf(query)) {
    for (const [part, { field, op }] of Object.entries(fields)) {
      if (filter.field === field && filter.op === op) {
        scope[part as keyof Scope] = filter.values[0] ?? '';
      }
    }
  }
  return scope;
}

/** The filters of an address for a scope. */
export function scopeFilters(scope: Scope): string[] {
  return Object.entries(fields)
    .filter(([part]) => scope[part as keyof Scope] !== '')
    .map(([part, { field, op }]) =>
      formatFilter({ field, op, values: [scope[part as keyof Scope]] }));
}

export interface Pipeline {
  source: string;
  project: string;
  definition: string;
}

/** Parameters a report takes besides its times. */
interface Arguments {
  definition?: string;
  branch?: string;
  kind?: string;
  step?: string;
}

/** The call of a report about the time of `range`. */
export function report(name: string, range: Range, given: Arguments = {}): string {
  const texts = (['definition', 'branch', 'kind'] as const)
    .filter((key) => given[key])
    .map((key) => `${key} = ${text(given[key] ?? '')}`);
  if (given.step) texts.push(`step = ${given.step}`);
  return `${name}(${[kqlTime(range.from), kqlTime(range.to), ...texts].join(', ')})`;
}

/** The parameters of a scope; reports of the main branch know no kinds. */
export function scopeArguments(scope: Scope, withKind = true): Arguments {
  return { branch: scope.branch, ...(withKind ? { kind: scope.kind } : {}) };
}

/** `where` lines of what reports have no parameter for. */
export function scopeWheres(scope: Scope): string {
  return lines(
    scope.source !== '' && `| where Organization == ${text(scope.source)}`,
    scope.pipeline !== '' && `| where Definition contains ${text(scope.pipeline)}`,
  );
}

/** A report for a scope. */
export function scoped(name: string, range: Range, scope: Scope, withKind = true): string {
  return lines(report(name, range, scopeArguments(scope, withKind)), scopeWheres(scope));
}

/** A report for one pipeline. */
export function piped(
  name: string,
  range: Range,
  pipeline: Pipeline,
  given: Arguments = {},
): string {
  return lines(
    report(name, range, { ...given, definition: pipeline.definition }),
    `| where Organization == ${text(pipeline.source)} and Project == ${text(pipeline.project)}`,
  );
}

/** The folder of a pipeline, and its name. */
export function folderOf(definition: string): { folder: string; name: string } {
  const at = definition.lastIndexOf('\\');
  return { folder: definition.slice(0, at + 1).replace(/^\\/, ''), name: definition.slice(at + 1) };
}

function part(value: string): string {
  return encodeURIComponent(value);
}

export function pipelinePath({ source, project, definition }: Pipeline): string {
  return `/ci/pipelines/${part(source)}/${part(project)}/${part(definition)}`;
}

export function buildPath(source: unknown, project: unknown, build: unknown): string {
  return `/ci/builds/${part(String(source))}/${part(String(project))}/${part(String(build))}`;
}

export function failurePath(fingerprint: unknown): string {
  return `/ci/failures/${part(String(fingerprint))}`;
}

/** Two rows are about the same pipeline when this is equal. */
export function pipelineKey(row: Record<string, unknown>): string {
  return JSON.stringify([row.Organization, row.Project, row.Definition]);
}

/** Branches there are builds about, those of most builds first. */
export const branchesQuery = lines(
  'TimelineBuilds',
  '| summarize Builds = count()',
  '    by Branch = iff(isempty(TargetBranch), SourceBranch, TargetBranch)',
  '| where isnotempty(Branch)',
  '| top 50 by Builds',
);
