/** The queries of an operation. */

import { allItems, whatKql } from '../../lib/items';
import { lines, text } from '../../lib/kql';

/** Items that are shown, the first by time. */
export const ITEMS_MAX = 10_000;

/** Whether the operation is a build, and which. */
export function buildOf(operationId: string): string {
  return lines(
    'TimelineBuilds',
    `| where OperationId == ${text(operationId)}`,
    '| project Organization, Project, BuildId, BuildNumber, Definition, Result, Status',
    '| take 1',
  );
}

function source(operationId: string, isBuild: boolean): string {
  return isBuild ? `BuildOperation(${text(operationId)})`
    : lines(allItems, `| where operation_Id == ${text(operationId)}`);
}

export function operationItems(operationId: string, isBuild: boolean): string {
  return lines(
    source(operationId, isBuild),
    '| order by timestamp asc, itemId asc',
    `| take ${ITEMS_MAX}`,
    `| project timestamp, itemType, itemId, id, operation_ParentId, what = ${whatKql},
    duration, success, resultCode, severityLevel, itemCount,
    role = substring(cloud_RoleName, 0, 101), os = substring(client_OS, 0, 101)`,
  );
}

/** How many items there are, sampled ones by what they stand for. */
export function operationTotal(operationId: string, isBuild: boolean): string {
  return lines(
    source(operationId, isBuild),
    '| summarize rows = count(), items = sum(coalesce(itemCount, int(1))), most = max(itemCount)',
  );
}
