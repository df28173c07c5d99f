/** The language service beside the page, so that typing never waits for it. */

import './global';
import '@kusto/language-service-next/bridge.min.js';
import '@kusto/language-service-next/Kusto.Language.Bridge.min.js';
import type { Schema } from '../lib/schema';
import type { Asked } from './client';
import { LanguageService } from './service';

const service = new LanguageService();

function answer(asked: Asked): unknown {
  switch (asked.kind) {
    case 'schema': {
      service.setSchema(JSON.parse(asked.text) as Schema);
      // The first completion takes far longer than the others; nobody shall wait for it.
      service.complete('print x = 1 | where ', 20);
      return null;
    }
    case 'complete': return service.complete(asked.text, asked.at);
    case 'diagnose': return service.diagnose(asked.text);
    case 'format': return service.format(asked.text);
    case 'hover': return service.hover(asked.text, asked.at);
    case 'signatures': return service.signatures(asked.text);
  }
}

self.onmessage = (event: MessageEvent<Asked>) => {
  const { id } = event.data;
  try {
    self.postMessage({ id, result: answer(event.data) });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};

self.postMessage({ id: 0, result: 'ready' });
