// One item of every kind this version knows; it asks for the application id first.
const ai = require('applicationinsights');

ai.setup(process.env.CS)
  .setAutoCollectRequests(false)
  .setAutoCollectPerformance(false)
  .setAutoCollectExceptions(false)
  .setAutoCollectDependencies(false)
  .setAutoCollectConsole(false)
  .setUseDiskRetryCaching(false)
  .start();

const client = ai.defaultClient;
client.commonProperties = { run: process.env.RUN };
client.trackRequest({ name: 'task', url: 'Build Task', duration: 1234, resultCode: 'OK', success: true });
client.trackEvent({ name: 'Task Execution', properties: { failed: true } });
client.trackException({ exception: new Error('boom') });
client.trackTrace({ message: 'hello', severity: 2 });
client.trackMetric({ name: 'm', value: 3.5 });
client.trackDependency({
  target: 't', name: 'n', data: 'd', duration: 5, resultCode: 0, success: true, dependencyTypeName: 'X',
});

client.flush({
  callback: (answer) => {
    console.log(answer);
    process.exit(JSON.parse(answer).errors.length ? 1 : 0);
  },
});
