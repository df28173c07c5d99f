// The browser SDK in a real Chromium: page view, events, trace, metric, exception, Ajax dependency,
// and one event while the page is being left.
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const puppeteer = require('puppeteer-core');

const sdk = fs.readFileSync(
  path.join(__dirname, 'node_modules/@microsoft/applicationinsights-web/browser/es5/ai.3.min.js'),
);
const page = `<!doctype html><title>Home</title><script src="/ai.js"></script><script>
const ai = new Microsoft.ApplicationInsights.ApplicationInsights({
  config: { connectionString: ${JSON.stringify(process.env.CS)}, maxBatchInterval: 200 } });
window.ai = ai;
ai.loadAppInsights();
ai.addTelemetryInitializer((e) => {
  e.tags['ai.cloud.role'] = 'check';
  e.data = e.data || {};
  e.data.run = ${JSON.stringify(process.env.RUN)};
});
ai.trackPageView();
ai.trackEvent({ name: 'click' }, { p: 'q' });
ai.trackTrace({ message: 'hello', severityLevel: 2 });
ai.trackMetric({ name: 'm', average: 3.5 });
ai.trackException({ exception: new Error('boom') });
fetch('/missing');
</script>`;

const server = http.createServer((request, response) => {
  if (request.url === '/ai.js') return response.end(sdk);
  if (request.url === '/') {
    response.setHeader('content-type', 'text/html');
    return response.end(page);
  }
  response.statusCode = 404;
  return response.end();
});

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

server.listen(0, '127.0.0.1', async () => {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'telltale-chromium-'));
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROME,
    userDataDir: profile,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  let failed = 0;
  const tab = await browser.newPage();
  tab.on('response', (r) => {
    if (!r.url().includes('/track')) return;
    console.log(r.request().method(), r.status());
    if (r.status() >= 300) failed += 1;
  });
  await tab.goto(`http://127.0.0.1:${server.address().port}/`);
  await wait(2500);
  await tab.evaluate(() => { window.ai.trackEvent({ name: 'leaving' }); });
  await tab.goto('about:blank');
  await wait(800);
  await browser.close();
  server.close();
  fs.rmSync(profile, { recursive: true, force: true });
  process.exit(failed ? 1 : 0);
});
