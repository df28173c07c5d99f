"""PyPI azure-monitor-query 2.0.0: workspaces, a resource, batches, partial results, errors."""

import datetime
import os

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import (
    LogsBatchQuery, LogsQueryClient, LogsQueryError, LogsQueryPartialResult, LogsQueryResult,
    LogsQueryStatus,
)

import telemetry

APP, URL = os.environ["APP"], os.environ["URL"]
UTC = datetime.timezone.utc
TYPES = """print b = true, i = int(7), l = 9007199254740993, r = 1.5, n = real(nan), s = 'a"b',
    d = datetime(2024-01-02T03:04:05.123456Z), t = 1d + 2s,
    g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), y = dynamic({'a': [1, 'x']}), m = decimal(0.1),
    zi = int(null), zd = datetime(null), zy = dynamic(null), zs = '';
    datatable(k: string, v: long)['x', 1, 'y', 2]"""
ROWS_MAX = 500_000


class Credential:
    """A token that is given, not fetched."""

    def get_token(self, *scopes, **options):
        return AccessToken(os.environ.get("API_KEY", "none"), 2**40)


def client(endpoint):
    # The client sends tokens over TLS only, unless it is told otherwise.
    return LogsQueryClient(Credential(), endpoint=endpoint)


PLAIN = {"enforce_https": False} if URL.startswith("http:") else {}


def check_types(found):
    answer = found.query_workspace(
        APP, TYPES, timespan=None, include_statistics=True, include_visualization=True, **PLAIN
    )
    assert isinstance(answer, LogsQueryResult) and answer.status == LogsQueryStatus.SUCCESS
    assert [table.name for table in answer.tables] == ["PrimaryResult", "Table_1"]
    first = answer.tables[0]
    assert first.columns_types == [
        "bool", "int", "long", "real", "real", "string", "datetime", "timespan", "guid", "dynamic",
        "decimal", "int", "datetime", "dynamic", "string",
    ], first.columns_types
    row = first.rows[0]
    want = {
        "b": True, "i": 7, "l": 9007199254740993, "r": 1.5, "n": "NaN", "s": 'a"b',
        "d": datetime.datetime(2024, 1, 2, 3, 4, 5, 123456, tzinfo=UTC), "t": "1.00:00:02",
        "g": "74be27de-1e4e-49d9-b579-fe0b331d3642", "y": '{"a":[1,"x"]}', "m": "0.1",
        "zi": None, "zd": None, "zy": None, "zs": "",
    }
    got = {name: row[name] for name in want}
    assert got == want, got
    assert [list(row) for row in answer.tables[1].rows] == [["x", 1], ["y", 2]]
    assert answer.statistics["query"]["executionTime"] >= 0
    assert "visualization" in answer.visualization


def check_rows(found):
    telemetry.send(telemetry.all_kinds())
    now = datetime.datetime.now(UTC)
    hour = datetime.timedelta(hours=1)
    for timespan in [None, hour, (now - hour, now), (now - hour, hour)]:
        answer = found.query_workspace(APP, "AppRequests | count", timespan=timespan, **PLAIN)
        assert answer.tables[0].rows[0][0] == 2, timespan
    query = "AppRequests | where Name == 'b' | project TimeGenerated, Success, DurationMs, ItemCount"
    row = found.query_workspace(APP, query, timespan=hour, **PLAIN).tables[0].rows[0]
    assert isinstance(row["TimeGenerated"], datetime.datetime), row
    assert (row["Success"], row["DurationMs"], row["ItemCount"]) == (False, 1300.0, 2), row
    more = found.query_workspace(
        APP, "AppRequests | count", timespan=hour, additional_workspaces=[APP], **PLAIN
    )
    assert more.tables[0].rows[0][0] == 2
    resource = (
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/"
        f"Microsoft.OperationalInsights/workspaces/{APP}"
    )
    answer = found.query_resource(resource, "AppRequests | count", timespan=hour, **PLAIN)
    assert answer.tables[0].rows[0][0] == 2


def check_batch(found):
    def one(query, **more):
        return LogsBatchQuery(APP, query, timespan=None, **more)

    answers = found.query_batch(
        [
            one("print x = 1"),
            one("print x = ("),
            one(f"range x from 1 to {ROWS_MAX + 1} step 1 | project y = 1"),
            one("print x = 2", include_statistics=True),
            LogsBatchQuery("nobody", "print 1", timespan=None),
        ],
        **PLAIN,
    )
    kinds = [type(answer) for answer in answers]
    assert kinds == [
        LogsQueryResult, LogsQueryError, LogsQueryPartialResult, LogsQueryResult, LogsQueryError
    ], kinds
    assert answers[0].tables[0].rows[0]["x"] == 1
    assert answers[1].code == "BadArgumentError", answers[1]
    assert len(answers[2].partial_data[0].rows) == ROWS_MAX
    assert answers[3].statistics["query"]
    assert "nobody" in answers[4].message, answers[4].message


def check_partial_and_errors(found):
    query = f"range x from 1 to {ROWS_MAX + 1} step 1 | project y = 1"
    answer = found.query_workspace(APP, query, timespan=None, **PLAIN)
    assert isinstance(answer, LogsQueryPartialResult), answer
    assert answer.status == LogsQueryStatus.PARTIAL
    assert answer.partial_error.code == "PartialError", answer.partial_error
    assert len(answer.partial_data[0].rows) == ROWS_MAX
    for workspace, query, status, code in [
        (APP, "AppRequests | where nothing == 1", 400, "BadArgumentError"),
        (APP, "AppRequests | where (", 400, "BadArgumentError"),
        ("nobody", "print 1", 404, "PathNotFoundError"),
    ]:
        try:
            found.query_workspace(workspace, query, timespan=None, **PLAIN)
        except HttpResponseError as error:
            assert (error.status_code, error.error.code) == (status, code), error
        else:
            raise AssertionError(f"`{query}` was answered")


found = client(URL)
check_types(found)
check_rows(found)
check_batch(found)
check_partial_and_errors(found)
print("ok")
