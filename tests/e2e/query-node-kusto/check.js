// azure-kusto-data: both versions, types, nulls, several tables, parameters, commands, limits, errors.
const assert = require('assert');
const { Client, KustoConnectionStringBuilder, ClientRequestProperties } = require('azure-kusto-data');

const { URL: url, APP: app, API_KEY: key } = process.env;
const builder = key
  ? KustoConnectionStringBuilder.withAccessToken(url, key)
  : new KustoConnectionStringBuilder(url);
const kusto = new Client(builder);

const types = `
datatable(b:bool, i:int, l:long, r:real, d:decimal, s:string, t:datetime, p:timespan, g:guid, j:dynamic) [
  true, 7, 9007199254740991, 0.25, decimal(1.5), "it's ü", datetime(2026-01-02 03:04:05.1234567),
    time(1.02:03:04.5678901), guid(74be27de-1e4e-49d9-b579-fe0b331d3642), dynamic({"a":[1,"x",null]}),
  bool(null), int(null), long(null), real(null), decimal(null), "", datetime(null), timespan(null), guid(null),
    dynamic(null)
]`;

function checkTypes(answer) {
  const table = answer.primaryResults[0];
  assert.deepStrictEqual(table.columns.map(c => c.type),
    ['bool', 'int', 'long', 'real', 'decimal', 'string', 'datetime', 'timespan', 'guid', 'dynamic']);
  const [first, nulls] = [...table.rows()];
  assert.strictEqual(first.b, true);
  assert.strictEqual(first.l, Number.MAX_SAFE_INTEGER);
  assert.strictEqual(first.r, 0.25);
  assert.strictEqual(first.s, "it's ü");
  assert.strictEqual(first.t.toISOString(), '2026-01-02T03:04:05.123Z');
  // A timespan arrives in milliseconds.
  assert.ok(Math.abs(first.p - 93784567.8901) < 1, `timespan ${first.p}`);
  assert.strictEqual(first.g, '74be27de-1e4e-49d9-b579-fe0b331d3642');
  assert.deepStrictEqual(first.j, { a: [1, 'x', null] });
  assert.strictEqual(nulls.s, '');
  for (const name of 'bilrdtpgj') assert.strictEqual(nulls[name], null, name);
  assert.strictEqual(table.raw_rows?.[0]?.[6] ?? '2026-01-02T03:04:05.1234567Z', '2026-01-02T03:04:05.1234567Z');
}

async function fails(work, needle) {
  try {
    await work();
  } catch (error) {
    const text = JSON.stringify(error.response?.data ?? '') + String(error.message ?? error);
    assert.ok(text.includes(needle), text);
    return;
  }
  assert.fail(`no failure with ${needle}`);
}

(async () => {
  checkTypes(await kusto.executeQuery(app, types));
  checkTypes(await kusto.executeQueryV1(app, types));

  const two = await kusto.execute(app, "print a = 1; print b = 'two' | render piechart");
  assert.deepStrictEqual(two.primaryResults.map(t => t.toJSON().data), [[{ a: 1 }], [{ b: 'two' }]]);
  assert.strictEqual(two.getErrorsCount().errors, 0);

  const properties = new ClientRequestProperties();
  properties.setParameter('n', 41);
  const row = [...(await kusto.execute(app, 'declare query_parameters(n:long); print n = n + 1', properties))
    .primaryResults[0].rows()][0];
  assert.strictEqual(row.n, 42);

  const databases = (await kusto.executeMgmt(app, '.show databases')).primaryResults[0].toJSON().data;
  assert.ok(databases.some(d => d.DatabaseName === app));
  const piped = await kusto.executeMgmt(app, ".show tables | where TableName == 'requests' | count");
  assert.strictEqual([...piped.primaryResults[0].rows()][0].Count, 1);

  const cut = 'range x from 1 to 600000 step 1';
  await fails(() => kusto.execute(app, cut), 'E_QUERY_RESULT_SET_TOO_LARGE');
  const whole = new ClientRequestProperties();
  whole.setOption('notruncation', true);
  whole.setTimeout(60 * 1000);
  assert.strictEqual((await kusto.execute(app, cut, whole)).primaryResults[0]._rows.length, 600000);

  await fails(() => kusto.execute(app, 'requests | where nope == 1'), 'nope');
  await fails(() => kusto.execute('no-such-database', 'print 1'), 'no-such-database');
  console.log('ok');
})().catch(error => { console.error(error); process.exit(1); });
