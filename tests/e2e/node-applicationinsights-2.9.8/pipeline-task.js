// A pipeline task as its author wrote it: it knows the SDK and nothing of builds or traces.
const ai = require('applicationinsights');

// Reads APPLICATIONINSIGHTS_CONNECTION_STRING.
ai.setup()
  .setAutoCollectRequests(false)
  .setAutoCollectPerformance(false, false)
  .setAutoCollectExceptions(false)
  .setAutoCollectDependencies(false)
  .setAutoCollectConsole(false)
  .setUseDiskRetryCaching(false)
  .start();

const client = ai.defaultClient;
client.commonProperties = { run: process.env.RUN };

const started = Date.now();
try {
  throw new Error('the feed is not there');
} catch (exception) {
  client.trackException({ exception });
}
client.trackEvent({ name: 'Task Execution', properties: { failed: true, taskName: 'Compile' } });
client.trackRequest({
  name: 'Compile', url: 'Build Task', duration: Date.now() - started, resultCode: '1', success: false,
});
// A request with an operation of its own, as servers and tests inside a task make them.
client.trackTrace({
  message: 'inside an own operation',
  tagOverrides: {
    [client.context.keys.operationId]: '0af7651916cd43dd8448eb211c80319c',
    [client.context.keys.operationParentId]: '0af7651916cd43dd8448eb211c80319c',
  },
});
client.flush({ callback: (answer) => console.log(answer) });
