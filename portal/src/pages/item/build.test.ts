import { describe, expect, it } from 'vitest';
import type { Row } from '../../lib/query';
import { buildKeys, buildQuery, mayHaveBuild, recordQuery } from './build';

const of = (customDimensions: Row, more: Row = {}): ReturnType<typeof buildKeys> =>
  buildKeys({ customDimensions, ...more });

describe('the build of an item', () => {
  it.each([
    [{ SYSTEM_TEAMPROJECTID: 'P', BUILD_BUILDID: '7' }],
    [{ 'System.TeamProjectId': 'P', 'Build.BuildId': '7' }],
    [{ projectId: 'P', buildId: 7 }],
  ])('is named by %j', (properties) => {
    const keys = of(properties);
    expect(mayHaveBuild(keys)).toBe(true);
    expect(buildQuery(keys)).toContain(
      '| where BuildId == 7 and (tolower(ProjectId) == "p" '
        + 'or hash_sha256(tolower(ProjectId)) == "p")',
    );
  });

  it('is that of its trace', () => {
    const keys = of({}, { operation_Id: 'op', operation_ParentId: 'span' });
    expect(buildQuery(keys)).toContain('| where OperationId == "op"');
    expect(recordQuery(keys)).toContain('| where SpanId in ("", "span")\n');
  });

  it('has the record that properties name', () => {
    expect(recordQuery(of({ jobId: 'J', taskInstanceId: 'T' }, { operation_Id: 'op' })))
      .toContain('or tolower(RecordId) in ("t", "j")');
  });

  it.each([
    [{}, false], [{ buildId: '7' }, false], [{ projectId: 'p', buildId: '7 or true' }, false],
  ])('is not guessed: %j', (properties, want) => {
    expect(mayHaveBuild(of(properties))).toBe(want);
  });
});
