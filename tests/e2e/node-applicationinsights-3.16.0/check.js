// One item of every kind with applicationinsights 3, which speaks HTTPS only.
const ai = require('applicationinsights');
ai.setup(process.env.CS)
  .setAutoCollectPerformance(false).setAutoCollectConsole(false)
  .setAutoCollectRequests(false).setAutoCollectDependencies(false);
const c = ai.defaultClient;
// Only properties set before the start are common to all items.
c.commonProperties = { run: process.env.RUN };
ai.start();
c.trackRequest({ name: 'task', url: 'Build Task', duration: 1234, resultCode: '200', success: true });
c.trackDependency({ target: 't', name: 'n', data: 'd', duration: 5, resultCode: 0, success: true, dependencyTypeName: 'X' });
c.trackEvent({ name: 'Task Execution', properties: { failed: true }, measurements: { 'Completion Time': 12.25 } });
c.trackException({ exception: new Error('boom') });
c.trackTrace({ message: 'hello', severity: 'Warning' });
c.trackMetric({ name: 'm', value: 3.5 });
c.trackPageView({ name: 'home', url: 'http://example.test/', duration: 10 });
c.trackAvailability({ id: '1', name: 'up', duration: 20, success: true, runLocation: 'lab', message: 'ok' });
setTimeout(async () => {
  await c.flush();
  setTimeout(() => process.exit(0), 1000);
}, 500);
