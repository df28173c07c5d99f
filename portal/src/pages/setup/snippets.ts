/** What a newcomer pastes to send the first event. */

export interface Snippet {
  id: string;
  label: string;
  /** What is needed before; a command to copy, or empty. */
  before: string;
  code: string;
  /** What there is to know about it. */
  note: string;
}

/** Where telemetry goes. */
export interface Target {
  connectionString: string;
  instrumentationKey: string;
  /** Of the server, without a slash at its end. */
  url: string;
}

/** Parts that strings of Node, C#, Python and shells share would need escapes for nothing else. */
function safe(text: string): string {
  return text.replace(/["'\\`$\r\n]/g, '');
}

export function snippets(target: Target): Snippet[] {
  const connection = safe(target.connectionString);
  const key = safe(target.instrumentationKey);
  const url = safe(target.url);
  const item = (time: string): string =>
    `{"name":"Event","time":"${time}","iKey":"${key}","data":{"baseType":"EventData",`
      + '"baseData":{"name":"Task Execution","properties":{"taskName":"publish"}}}}';
  return [
    {
      id: 'curl',
      label: 'curl',
      before: '',
      code: [
        `curl -sS ${url}/v2/track -d '${item("'$(date -u +%FT%TZ)'")}'`,
      ].join('\n'),
      note: 'The quickest try: no SDK, one event.',
    },
    {
      id: 'node',
      label: 'Node',
      before: 'npm install applicationinsights@2.9.8',
      code: [
        "const ai = require('applicationinsights');",
        `const client = new ai.TelemetryClient('${connection}');`,
        "client.commonProperties = { taskName: 'publish' };",
        "client.trackEvent({ name: 'Task Execution' });",
        '// A short task ends before the SDK sends by itself.',
        'client.flush();',
      ].join('\n'),
      note: 'The SDK that tasks for Azure Pipelines use.',
    },
    {
      id: 'powershell',
      label: 'PowerShell',
      before: '',
      code: [
        '$time = (Get-Date).ToUniversalTime().ToString("o")',
        `$item = @{ name = "Event"; time = $time; iKey = "${key}"; data = @{`,
        '  baseType = "EventData"; baseData = @{ name = "Task Execution"',
        '    properties = @{ taskName = "publish" } } } } | ConvertTo-Json -Depth 5',
        `Invoke-RestMethod ${url}/v2/track -Method Post -Body $item`,
      ].join('\n'),
      note: 'It is sent when the line returns; nothing has to be flushed.',
    },
    {
      id: 'dotnet',
      label: '.NET',
      before: 'dotnet add package Microsoft.ApplicationInsights --version 2.22.0',
      code: [
        'using Microsoft.ApplicationInsights;',
        'using Microsoft.ApplicationInsights.Extensibility;',
        'var configuration = TelemetryConfiguration.CreateDefault();',
        `configuration.ConnectionString = "${connection}";`,
        'var client = new TelemetryClient(configuration);',
        'client.TrackEvent("Task Execution");',
        'client.Flush();',
        'await Task.Delay(1000); // The SDK sends behind your back; give it the time.',
      ].join('\n'),
      note: 'Version 2 of the SDK.',
    },
    {
      id: 'python',
      label: 'Python',
      before: '',
      code: [
        'import datetime, json, urllib.request',
        'now = datetime.datetime.now(datetime.timezone.utc).isoformat()',
        `item = {"name": "Event", "time": now, "iKey": "${key}", "data": {`,
        '    "baseType": "EventData", "baseData": {',
        '        "name": "Task Execution", "properties": {"taskName": "publish"}}}}',
        `urllib.request.urlopen("${url}/v2/track", json.dumps(item).encode()).read()`,
      ].join('\n'),
      note: 'With nothing but the standard library.',
    },
    {
      id: 'telltale',
      label: 'Shell step',
      before: '',
      code: [
        `export TELLTALE_CONNECTION='${connection}'`,
        'telltale track event "Task Execution" --property taskName=publish',
      ].join('\n'),
      note: 'In a pipeline it also stands in the trace of its build.',
    },
  ];
}

/** What connects an organisation or collection of Azure DevOps. */
export interface SourceOf {
  /** Of the organisation or collection. */
  address: string;
  /** Between commas; empty: all. */
  projects: string;
  /** Name of the variable with the token; empty: none is sent. */
  tokenVariable: string;
}

/** A text of TOML. */
function toml(text: string): string {
  return JSON.stringify(text.trim());
}

/** What stands between commas. */
export function namesIn(text: string): string[] {
  return text.split(',').map((name) => name.trim()).filter((name) => name !== '');
}

/** The lines of `telltale.toml` that connect it. */
export function sourceLines({ address, projects, tokenVariable }: SourceOf): string {
  const base = address.trim().replace(/\/+$/, '');
  const last = base.split('/').at(-1) ?? '';
  const names = namesIn(projects);
  return [
    '[[source]]',
    `name = ${toml(last.replace(/\.visualstudio\.com$/i, '') || 'azure-devops')}`,
    `base = ${toml(base)}`,
    ...(names.length > 0 ? [`projects = [${names.map(toml).join(', ')}]`] : []),
    tokenVariable.trim() === '' ? 'anonymous = true' : `token_env = ${toml(tokenVariable)}`,
  ].join('\n');
}
