// npm @azure/monitor-query 1.3.3 and @azure/monitor-query-logs 1.0.0: workspaces, a resource,
// batches, partial results and errors, through the clients' own objects.
const assert = require('assert');
const older = require('@azure/monitor-query');
const newer = require('@azure/monitor-query-logs');

const { APP, KEY, URL: url } = process.env;
const isPlain = url.startsWith('http:');
const rowsMax = 500000;
const credential = {
  getToken: async () => ({
    token: process.env.API_KEY || 'none',
    expiresOnTimestamp: Date.now() + 3600000,
  }),
};
const hour = { duration: 'PT1H' };
const resource = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/'
  + `Microsoft.OperationalInsights/workspaces/${APP}`;
const types = `print b = true, i = int(7), l = 9007199254740991, r = 1.5, n = real(nan), s = 'a"b',
  d = datetime(2024-01-02T03:04:05.123Z), t = 1d + 2s,
  g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), y = dynamic({'a': [1, 'x']}), m = decimal(0.1),
  zi = int(null), zd = datetime(null), zy = dynamic(null), zs = '';
  datatable(k: string, v: long)['x', 1, 'y', 2]`;

function event(minutes) {
  return JSON.stringify({
    iKey: KEY,
    time: new Date(Date.now() - minutes * 60000).toISOString(),
    name: 'Microsoft.ApplicationInsights.Event',
    data: { baseType: 'EventData', baseData: { ver: 2, name: 'clicked', properties: { p: 'q' } } },
  });
}

// The clients send tokens over TLS only: over plain http the policy that refuses is taken out, and
// the token is put on by hand.
function allowPlain(pipeline) {
  if (!isPlain) return;
  pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
  pipeline.addPolicy({
    name: 'token',
    sendRequest: async (request, next) => {
      request.headers.set('authorization', `Bearer ${(await credential.getToken()).token}`);
      return next(request);
    },
  });
}

async function refused(call, status, code) {
  try {
    await call();
  } catch (error) {
    const details = error.details?.error || error.details || error;
    assert.strictEqual(Number(error.statusCode), status, String(error));
    assert.strictEqual(error.code || details.code, code, String(error));
    return;
  }
  assert.fail('a wrong query was answered');
}

async function check(name, client, status) {
  const ask = (query, options, timespan = hour) =>
    client.queryWorkspace(APP, query, timespan, options);
  const all = await ask(types, { includeQueryStatistics: true, includeVisualization: true });
  assert.strictEqual(all.status, status.Success);
  assert.deepStrictEqual(all.tables.map((table) => table.name), ['PrimaryResult', 'Table_1']);
  const [first, second] = all.tables;
  assert.deepStrictEqual(first.columnDescriptors.map((column) => column.type), ['bool', 'int',
    'long', 'real', 'real', 'string', 'datetime', 'timespan', 'guid', 'dynamic', 'decimal', 'int',
    'datetime', 'dynamic', 'string']);
  const row = first.rows[0].map((cell) => (cell instanceof Date ? cell.toISOString() : cell));
  // The older client makes a date of a missing one.
  if (first.rows[0][12] !== null) row[12] = null;
  assert.deepStrictEqual(row, [true, 7, 9007199254740991, 1.5, 'NaN', 'a"b',
    '2024-01-02T03:04:05.123Z', '1.00:00:02', '74be27de-1e4e-49d9-b579-fe0b331d3642',
    { a: [1, 'x'] }, '0.1', null, null, null, '']);
  assert.deepStrictEqual(second.rows, [['x', 1], ['y', 2]]);
  assert.ok(all.statistics.query.executionTime >= 0);
  assert.ok('visualization' in all.visualization);

  const query = 'AppEvents | project TimeGenerated, Properties';
  const now = new Date();
  for (const timespan of [hour, { startTime: new Date(now - 3600000), endTime: now }]) {
    const answer = await ask(query, {}, timespan);
    assert.strictEqual(answer.tables[0].rows.length, 1);
    assert.ok(answer.tables[0].rows[0][0] instanceof Date);
    assert.deepStrictEqual(answer.tables[0].rows[0][1], { p: 'q' });
  }
  const more = await ask('AppEvents | count', { additionalWorkspaces: [APP] });
  assert.deepStrictEqual(more.tables[0].rows, [[1]]);
  const found = await client.queryResource(resource, 'AppEvents | count', hour);
  assert.deepStrictEqual(found.tables[0].rows, [[1]]);

  const cut = `range x from 1 to ${rowsMax + 1} step 1 | project y = 1`;
  const partial = await ask(cut);
  assert.strictEqual(partial.status, status.PartialFailure);
  assert.strictEqual(partial.partialTables[0].rows.length, rowsMax);
  assert.strictEqual(partial.partialError.code, 'PartialError');

  const one = (workspaceId, text, options) => ({ workspaceId, query: text, timespan: hour, ...options });
  const batch = await client.queryBatch([
    one(APP, 'print x = 1'),
    one(APP, 'print x = ('),
    one(APP, cut),
    one(APP, 'print x = 2', { includeQueryStatistics: true }),
    one('nobody', 'print 1'),
  ]);
  // The newer client calls every failure partial; a whole one has no tables.
  const outcome = (answer) => (answer.partialTables?.length === 0 ? status.Failure : answer.status);
  assert.deepStrictEqual(batch.map(outcome),
    [status.Success, status.Failure, status.PartialFailure, status.Success, status.Failure]);
  const codes = [batch[1], batch[4]].map((answer) => (answer.partialError || answer).code);
  assert.deepStrictEqual(codes, ['BadArgumentError', 'PathNotFoundError']);
  assert.deepStrictEqual(batch[0].tables[0].rows, [[1]]);
  assert.strictEqual(batch[2].partialTables[0].rows.length, rowsMax);
  assert.ok(batch[3].statistics.query);

  await refused(() => ask('AppEvents | where nothing == 1'), 400, 'BadArgumentError');
  await refused(() => client.queryWorkspace('nobody', 'print 1', hour), 404, 'PathNotFoundError');
  console.log(name, 'ok');
}

(async () => {
  const sent = await fetch(`${url}/v2.1/track`, { method: 'POST', body: event(5) });
  assert.strictEqual((await sent.json()).itemsAccepted, 1);
  const options = { endpoint: url, audience: url, allowInsecureConnection: isPlain };
  const first = new older.LogsQueryClient(credential, options);
  allowPlain(first._logAnalytics.pipeline);
  await check('@azure/monitor-query', first, older.LogsQueryResultStatus);
  const second = new newer.LogsQueryClient(credential, options);
  allowPlain(second.pipeline);
  await check('@azure/monitor-query-logs', second, newer.LogsQueryResultStatus);
  console.log('ok');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
