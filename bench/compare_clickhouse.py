#!/usr/bin/env python3
"""Times the twelve questions against the ClickHouse engine over the same extents.

usage: bench/compare_clickhouse.py DIR [ROUNDS]

DIR is a folder filled by `cargo xtask bench generate`. Both engines run in turn in one go, warm,
with two threads; the best wall time of each counts, and the mean processor time is told beside
it, which other work on the machine disturbs less. ClickHouse comes as the Python package chdb (the
engine in the process, no server), installed into a virtual environment below `target`; nothing
else of the project needs it. Every answer is checked: as many rows, and the same sum of every
column of numbers, within the tolerance of estimates. Appends one line to results.ndjson.
"""

import json
import math
import os
import pathlib
import subprocess
import sys
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PACKAGE = os.environ.get("CHDB", "chdb==4.4.0")
THREADS = 2
# The end of the data set: what `now()` means.
END = "toDateTime64('2026-11-01 00:00:00', 9, 'UTC')"
TASK = "`customDimensions.taskName`"

# Name; SQL over {r}, the requests, and {x}, the exceptions; allowed difference of the sums.
QUESTIONS = [
    ("bins_30d", "SELECT toStartOfInterval(timestamp, INTERVAL 5 MINUTE) AS b, client_OS, "
     "count() AS n FROM {r} GROUP BY b, client_OS", 0),
    ("bins_24h", "SELECT toStartOfInterval(timestamp, INTERVAL 5 MINUTE) AS b, client_OS, "
     f"count() AS n FROM {{r}} WHERE timestamp > {END} - INTERVAL 24 HOUR "
     "GROUP BY b, client_OS", 0),
    ("dcount", f"SELECT {TASK} AS t, uniq(`customDimensions.projectId`) AS n FROM {{r}} "
     "GROUP BY t", 0.03),
    ("percentiles", "SELECT name, q[1] AS p50, q[2] AS p95, q[3] AS p99 FROM (SELECT name, "
     "quantiles(0.5, 0.95, 0.99)(duration) AS q FROM {r} GROUP BY name)", 0.03),
    ("top_urls", f"SELECT url, count() AS n FROM {{r}} WHERE timestamp > {END} - INTERVAL 6 HOUR "
     "AND success = 'False' GROUP BY url ORDER BY n DESC LIMIT 10", 0),
    ("needle", "SELECT count() AS n FROM {r} WHERE url ILIKE '%RESOURCE117/item00042%'", 0),
    ("lookup", "SELECT * FROM {r} WHERE operation_Id = '{operation}'", 0),
    ("weighted_average", f"SELECT {TASK} AS t, sum(`customMeasurements.Completion Time` * "
     "itemCount) / sum(itemCount) AS a FROM {r} GROUP BY t", 1e-9),
    ("join", "SELECT name, type, count() AS n FROM (SELECT operation_Id, name FROM {r} WHERE "
     f"timestamp > {END} - INTERVAL 7 DAY) AS r JOIN (SELECT operation_Id, type FROM {{x}} WHERE "
     f"timestamp > {END} - INTERVAL 7 DAY) AS x ON r.operation_Id = x.operation_Id "
     "GROUP BY name, type", 0),
    ("latest_failures", "SELECT * FROM {r} WHERE success = 'False' ORDER BY timestamp DESC "
     "LIMIT 100", 0),
    ("property", "SELECT toStartOfInterval(timestamp, INTERVAL 1 HOUR) AS b, count() AS n "
     f"FROM {{r}} WHERE timestamp > {END} - INTERVAL 24 HOUR AND {TASK} = 'Task07' "
     "GROUP BY b", 0),
    ("slow", "SELECT count() AS n FROM {r} WHERE duration > 1000", 0),
]
# Not one of the twelve: a term search over 30 days.
MORE = [
    ("has", "SELECT count() AS n FROM {r} WHERE hasTokenCaseInsensitive(url, 'item00042')", 0,
     'requests | where url has "Item00042" | count'),
]
# Goals of the single questions, as multiples of ClickHouse's time.
GOALS = {"percentiles": 1.5, "needle": 1.0, "has": 1.0, "latest_failures": 0.3, "lookup": 1.5}


def with_chdb():
    """Runs this script again where chdb is installed."""
    try:
        import chdb  # noqa: F401
        return
    except ImportError:
        pass
    home = TARGET / "chdb"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGE], check=True)
    os.execv(python, [str(python), *sys.argv])


class Telltale:
    """The product's engine, asked over a pipe."""

    def __init__(self, data):
        binary = os.environ.get("BENCH", TARGET / "release" / "bench")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([binary, "ask", data], stdin=pipe, stdout=pipe, text=True)
        self.commit = json.loads(self.process.stdout.readline())["commit"]

    def cpu_ms(self):
        """Processor time so far, of all threads."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) * 1e3 / os.sysconf("SC_CLK_TCK")

    def ask(self, name, kql=""):
        self.process.stdin.write(f"{name} {kql}".strip() + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            sys.exit(f"{name}: {answer['error']}")
        return answer


class ClickHouse:
    """ClickHouse in this process over the same files."""

    def __init__(self, data):
        from chdb import session
        self.session = session.Session()
        extents = pathlib.Path(data).resolve() / "extents"
        self.files = {
            "r": f"file('{extents}/requests/*.parquet', Parquet)",
            "x": f"file('{extents}/exceptions/*.parquet', Parquet)",
        }
        self.version = str(self.session.query("SELECT version()", "TSV")).strip()

    def sql(self, text, operation):
        return text.format(operation=operation, **self.files) + f" SETTINGS max_threads={THREADS}"

    def cpu_ms(self):
        """Processor time so far, of all threads."""
        return time.process_time() * 1e3

    def time(self, text, operation):
        sql = self.sql(text, operation)
        started = time.perf_counter()
        self.session.query(sql, "Native")
        return (time.perf_counter() - started) * 1e3

    def sums(self, text, operation):
        answer = json.loads(str(self.session.query(self.sql(text, operation), "JSONCompact")))
        sums = []
        for at, column in enumerate(answer["meta"]):
            if any(kind in column["type"] for kind in ("Int", "Float")):
                values = [row[at] for row in answer["data"]]
                sums.append((column["name"], sum(float(v) for v in values if v is not None)))
        return answer["rows"], sums


def check(name, ours, rows, sums, tolerance):
    """Whole rows are compared by the columns both have, others by position."""
    if ours["rows"] != rows:
        sys.exit(f"{name}: {ours['rows']} rows, ClickHouse {rows}")
    mine = [tuple(pair) for pair in ours["sums"]]
    if len(mine) != len(sums):
        known = dict(sums)
        pairs = [(value, known[column]) for column, value in mine if column in known]
    else:
        pairs = [(value, other) for (_, value), (_, other) in zip(mine, sums)]
    if not pairs:
        sys.exit(f"{name}: nothing to compare")
    for value, other in pairs:
        if not math.isclose(value, other, rel_tol=max(tolerance, 1e-9)):
            sys.exit(f"{name}: the sum is {value}, ClickHouse {other}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with_chdb()
    data, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7
    telltale, clickhouse = Telltale(data), ClickHouse(data)
    operation = clickhouse.session.query(
        "SELECT operation_Id FROM {r} ORDER BY timestamp LIMIT 123457, 1".format(
            **clickhouse.files), "TSV")
    operation = str(operation).strip()
    lookup = f'requests | where operation_Id == "{operation}"'
    figures, ratios = {}, []
    questions = [(*q, lookup if q[0] == "lookup" else "") for q in QUESTIONS] + MORE
    for name, sql, tolerance, kql in questions:
        ours = theirs = math.inf
        rows, sums = clickhouse.sums(sql, operation)
        check(name, telltale.ask(name, kql), rows, sums, tolerance)
        cpu = [0.0, 0.0]
        for _ in range(rounds):
            before = telltale.cpu_ms(), clickhouse.cpu_ms()
            ours = min(ours, telltale.ask(name, kql)["ms"])
            cpu[0] += telltale.cpu_ms() - before[0]
            theirs = min(theirs, clickhouse.time(sql, operation))
            cpu[1] += clickhouse.cpu_ms() - before[1]
        ratio = ours / theirs
        if name != "has":
            ratios.append(ratio)
        figures[name] = {"telltale_ms": round(ours, 2), "clickhouse_ms": round(theirs, 2),
                         "ratio": round(ratio, 2),
                         "telltale_cpu_ms": round(cpu[0] / rounds),
                         "clickhouse_cpu_ms": round(cpu[1] / rounds)}
        goal = GOALS.get(name)
        verdict = "" if goal is None else f"goal {goal}" + ("" if ratio <= goal else " MISSED")
        print(f"{name:18} {ours:8.1f} {theirs:8.1f} {ratio:6.2f}  cpu {cpu[0] / rounds:6.0f} "
              f"{cpu[1] / rounds:6.0f}  {verdict}", flush=True)
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"{'geometric mean':36} {mean:6.2f}  goal 1.0")
    line = {"benchmark": "clickhouse", "unix_time": int(time.time()), "commit": telltale.commit,
            "cores": os.cpu_count(), "threads": THREADS, "rounds": rounds,
            "clickhouse": clickhouse.version, "load_average": round(os.getloadavg()[0], 2),
            **figures, "ratio_geometric_mean": round(mean, 2)}
    with open(os.environ.get("RESULTS", HERE / "results.ndjson"), "a", encoding="utf-8") as out:
        out.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
