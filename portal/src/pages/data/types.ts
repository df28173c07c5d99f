/** The answer of `GET /api/portal/data`. */

export interface DayUsage {
  /** `2026-11-29`. */
  day: string;
  rows: number;
  bytes: number;
}

export interface TableHealth {
  name: string;
  group: 'telemetry' | 'pipelines' | 'own' | 'system';
  rows: number;
  bytes: number;
  extents: number;
  newest: string | null;
  days: DayUsage[];
}

/** Items refused for one reason since the server started. */
export interface Reason {
  reason: string;
  count: number;
  /** `false`: nobody can tell the application they were for. */
  isOwn: boolean;
  /** What the sender of the last one was told, and when. */
  example: { message: string; at: string };
}

export interface DataHealth {
  tables: TableHealth[];
  disk: {
    used: number;
    free: number | null;
    limit: number | null;
    minFree: number | null;
    bytesPerDay: number | null;
    daysLeft: number | null;
  };
  retention: { table: string; days: number | null }[];
  ingestion: {
    since?: string;
    received: number;
    accepted: number;
    rejected: Reason[];
  };
}
