/** Which build an item came from (its trace, or properties that name the build). */

import { lines, text } from '../../lib/kql';
import type { Row } from '../../lib/query';

/** What of an item can name a build. */
export interface BuildKeys {
  operationId: string;
  parentId: string;
  /** Of the item itself: rows of collected builds are records. */
  id: string;
  projectId: string;
  buildId: string;
  /** Ids of Timeline records: the task and the job. */
  recordIds: string[];
}

/** A variable, as environments, SDKs and people spell it. */
const spellings = {
  project: ['SYSTEM_TEAMPROJECTID', 'System.TeamProjectId', 'system.teamProjectId', 'projectId'],
  build: ['BUILD_BUILDID', 'Build.BuildId', 'build.buildId', 'buildId'],
  task: [
    'SYSTEM_TASKINSTANCEID', 'System.TaskInstanceId', 'system.taskInstanceId', 'taskInstanceId',
  ],
  job: ['SYSTEM_JOBID', 'System.JobId', 'system.jobId', 'jobId'],
};

export function buildKeys(row: Row): BuildKeys {
  const bag = row.customDimensions;
  const get = (names: string[]): string => {
    if (!bag || typeof bag !== 'object' || Array.isArray(bag)) return '';
    for (const name of names) {
      const found = bag[name];
      if (typeof found === 'string' || typeof found === 'number') return String(found);
    }
    return '';
  };
  const build = get(spellings.build);
  return {
    operationId: String(row.operation_Id ?? ''),
    parentId: String(row.operation_ParentId ?? ''),
    id: String(row.id ?? ''),
    projectId: get(spellings.project),
    buildId: /^\d{1,18}$/.test(build) ? build : '',
    recordIds: [get(spellings.task), get(spellings.job)].filter((found) => found !== ''),
  };
}

/** Whether it is worth asking for a build. */
export function mayHaveBuild({ operationId, projectId, buildId }: BuildKeys): boolean {
  return operationId !== '' || (projectId !== '' && buildId !== '');
}

function whereBuild({ operationId, projectId, buildId }: BuildKeys): string {
  const ways: string[] = [];
  if (operationId !== '') ways.push(`OperationId == ${text(operationId)}`);
  if (projectId !== '' && buildId !== '') {
    const project = text(projectId.toLowerCase());
    ways.push(`BuildId == ${buildId} and (tolower(ProjectId) == ${project} `
      + `or hash_sha256(tolower(ProjectId)) == ${project})`);
  }
  return `| where ${ways.join(' or ')}`;
}

export function buildQuery(keys: BuildKeys): string {
  return lines(
    'TimelineBuilds',
    whereBuild(keys),
    '| project Organization, Project, BuildId, BuildNumber, Definition, Status, Result,'
      + ' SourceBranch, StartTime, OperationId',
    '| take 1',
  );
}

/** The Timeline records an item came from, the innermost first. */
export function recordQuery(keys: BuildKeys): string {
  const ids = keys.recordIds.map((id) => text(id.toLowerCase())).join(', ');
  return lines(
    `let operations = TimelineBuilds ${whereBuild(keys)} | project OperationId;`,
    'TimelineRecords',
    '| where OperationId in ((operations))',
    `| where SpanId in (${text(keys.id)}, ${text(keys.parentId)})${
      ids ? ` or tolower(RecordId) in (${ids})` : ''}`,
    '| extend depth = case(Type == "Task", 0, Type == "Job", 1, Type == "Phase", 2, 3)',
    '| order by depth asc',
    '| project RecordId, Type, Name, StageName, JobName, Result, State, EffectiveAttempt',
    '| take 1',
  );
}
