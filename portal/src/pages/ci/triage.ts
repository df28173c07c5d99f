/** Categories that people give to issues. */

import { toNumber } from '../../lib/format';
import { lines, text } from '../../lib/kql';
import { rows, type Row, type Table } from '../../lib/query';

/** An issue by the key of its table. */
export interface TriageIssue {
  organization: string;
  project: string;
  buildId: number;
  recordId: string;
  index: number;
}

/** Names that reports know the domain of without settings. */
export const knownCategories = [
  'Build', 'Test', 'Code', 'ValidationResult', 'Restore', 'InitializeToolset', 'Sign', 'Publish',
  'Task', 'MachineLost', 'DiskFull', 'Checkout', 'Feed', 'Network', 'Timeout', 'Canceled',
  'ScriptExit', 'Unknown',
];

/** The issues of an answer with the columns of their key. */
export function triageIssues(table: Table): TriageIssue[] {
  return rows(table).map((row) => ({
    organization: String(row.Organization),
    project: String(row.Project),
    buildId: toNumber(row.BuildId) ?? 0,
    recordId: String(row.RecordId ?? ''),
    index: toNumber(row.Index) ?? 0,
  }));
}

/** The body of a call that gives them a category. */
export function triageBody(app: string, category: string, issues: TriageIssue[]): unknown {
  return { application: app, issues: issues.map((issue) => ({ ...issue, category })) };
}

/** The lines of the settings that give later messages the category. */
export function ruleText(message: string, category: string): string {
  const quoted = JSON.stringify(message.slice(0, 200));
  return `[[category]]\ncontains = ${quoted}\ncategory = ${JSON.stringify(category)}\n`;
}

/** Builds whose primary errors are looked up at once. */
const CHOSEN_MAX = 200;

/** The issues that are the primary errors of builds; `null`: none of them has one. */
export function chosenQuery(builds: Row[]): string | null {
  const conditions = builds.filter((row) => row.Fingerprint).slice(0, CHOSEN_MAX).map((row) => {
    const of = (name: string): string => `${name} == ${text(String(row[name] ?? ''))}`;
    return `(${of('Organization')} and ${of('Project')} and BuildId == ${
      toNumber(row.BuildId) ?? -1} and ${of('RecordId')} and ${of('Fingerprint')})`;
  });
  if (conditions.length === 0) return null;
  return lines(
    'TimelineIssues',
    '| where Type == "error"',
    `| where ${conditions.join('\n    or ')}`,
    '| project Organization, Project, BuildId, RecordId, Index',
  );
}
