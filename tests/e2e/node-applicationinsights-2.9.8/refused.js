// The first event is refused with 503 and kept on disk; the second is accepted, and after it the
// client sends the kept one again. Prints `refused` when the first flush is answered.
const ai = require('applicationinsights');

ai.setup(process.env.CS)
  .setAutoCollectRequests(false)
  .setAutoCollectPerformance(false, false)
  .setAutoCollectExceptions(false)
  .setAutoCollectDependencies(false)
  .setAutoCollectConsole(false)
  .setUseDiskRetryCaching(true, 200)
  .start();

const client = ai.defaultClient;
client.commonProperties = { run: process.env.RUN };
client.trackEvent({ name: 'first' });
client.flush({ callback: () => console.log('refused') });

setTimeout(() => {
  client.trackEvent({ name: 'second' });
  client.flush();
}, 3000);
setTimeout(() => process.exit(0), 5000);
