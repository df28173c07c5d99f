/** What an application has to be queried: tables, functions, and the words of KQL that work. */

import { getJson } from './api';
import type { Column } from './query';

export interface SchemaColumn extends Column {
  doc: string;
}

export interface SchemaTable {
  name: string;
  group: 'telemetry' | 'pipelines' | 'own' | 'system';
  doc: string;
  timeColumn: string | null;
  columns: SchemaColumn[];
  /** Keys seen in bags lately, with how many rows had them. */
  keys: { column: string; key: string; rows: number }[];
}

export interface SchemaFunction {
  name: string;
  parameters: { name: string; type: string; default?: string }[];
  doc: string;
  columns?: Column[];
}

export interface Implemented {
  functions: string[];
  aggregates: string[];
  operators: string[];
  plugins: string[];
  renders: string[];
  /** What each function does, how each operator is written. */
  docs?: {
    functions: Record<string, string>;
    operators: Record<string, { form: string; doc: string }>;
  };
}

export interface Schema {
  tables: SchemaTable[];
  /** The same rows under the names that workspaces have. */
  workspaceTables?: SchemaTable[];
  /** When and at how many rows of a table the keys were looked for; whether that took too long. */
  keysLooked?: { at: string; rowsMax: number; isMissing: boolean };
  functions: SchemaFunction[];
  implemented: Implemented;
}

export function loadSchema(app: string, signal?: AbortSignal): Promise<Schema> {
  return getJson<Schema>(`api/portal/schema?app=${encodeURIComponent(app)}`, signal);
}

/** How a function is called: `PassRate(from: datetime, to: datetime = now())`. */
export function signatureOf(found: SchemaFunction): string {
  const parameters = found.parameters.map((parameter) => {
    const rest = parameter.default === undefined ? '' : ` = ${parameter.default}`;
    return `${parameter.name}: ${parameter.type}${rest}`;
  });
  return `${found.name}(${parameters.join(', ')})`;
}
