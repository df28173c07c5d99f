// One event, one flush, and then nothing keeps the process: it must end by itself.
// Prints the time of the flush's answer in milliseconds; the runner compares it with the process's end.
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
client.commonProperties = { run: process.env.RUN };
client.trackEvent({ name: 'Task Execution' });
client.flush({ callback: () => console.log(`answered ${Date.now()}`) });
