/** Items as the protocol has them, for what no SDK sends: sampled, hostile, many at once. */

import type { Server } from './server';

export interface Envelope {
  name: string;
  time: string;
  iKey?: string;
  sampleRate?: number;
  tags: Record<string, string>;
  data: { baseType: string; baseData: Record<string, unknown> };
}

const kinds: Record<string, string> = {
  EventData: 'Event', RequestData: 'Request', ExceptionData: 'Exception', MessageData: 'Message',
  RemoteDependencyData: 'RemoteDependency', MetricData: 'Metric', PageViewData: 'PageView',
  AvailabilityData: 'Availability',
};

/** An item of `baseType` now, or with other fields of its envelope. */
export function envelope(
  baseType: string,
  baseData: Record<string, unknown>,
  other: Partial<Envelope> = {},
): Envelope {
  return {
    name: `Microsoft.ApplicationInsights.${kinds[baseType] ?? baseType}`,
    time: new Date().toISOString(),
    tags: {},
    data: { baseType, baseData: { ver: 2, ...baseData } },
    ...other,
  };
}

/** Sends items; all have to be taken. */
export async function post(server: Server, items: Envelope[]): Promise<void> {
  const iKey = server.ready.instrumentationKey;
  const response = await fetch(`${server.url}/v2.1/track`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(items.map((item) => ({ iKey, ...item }))),
  });
  const answer = (await response.json()) as { itemsAccepted: number };
  if (answer.itemsAccepted !== items.length) {
    throw new Error(`${answer.itemsAccepted} of ${items.length}: ${JSON.stringify(answer)}`);
  }
}
