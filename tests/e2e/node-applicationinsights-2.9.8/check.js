// One item of every kind, common properties, one explicit flush: what a pipeline task does.
const ai = require('applicationinsights');

ai.setup(process.env.CS)
  .setAutoCollectRequests(false)
  .setAutoCollectPerformance(false, false)
  .setAutoCollectExceptions(false)
  .setAutoCollectDependencies(false)
  .setAutoCollectConsole(false)
  .setUseDiskRetryCaching(false)
  .start();

const client = ai.defaultClient;
client.commonProperties = { run: process.env.RUN, collection: 'c-1', projectId: 'p-1' };
client.context.tags[client.context.keys.cloudRole] = 'check';
client.config.disableAppInsights = process.env.OPT_OUT === 'true';

client.trackRequest({ name: 'taskName', url: 'Build Task', duration: 1234, resultCode: 'OK', success: true });
client.trackEvent({
  name: 'Task Execution',
  properties: { failed: true, taskName: 'taskName' },
  measurements: { 'Completion Time': 12.25 },
});
client.trackException({ exception: new Error('boom') });
client.trackTrace({ message: 'hello', severity: 2 });
client.trackMetric({ name: 'm', value: 3.5 });
client.trackDependency({
  target: 't', name: 'n', data: 'd', duration: 5, resultCode: 0, success: true, dependencyTypeName: 'X',
});
client.trackPageView({ name: 'home', url: 'http://example.test/', duration: 10 });
client.trackAvailability({
  id: '1', name: 'up', duration: 20, success: true, runLocation: 'lab', message: 'ok',
});

client.flush({
  callback: (answer) => {
    console.log(answer);
    if (process.env.OPT_OUT === 'true') process.exit(0);
    process.exit(JSON.parse(answer).errors.length ? 1 : 0);
  },
});
