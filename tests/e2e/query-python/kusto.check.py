"""azure-kusto-data: types, nulls, several tables, parameters, commands, limits, errors, cancelling."""

import os
import threading
import time
from datetime import datetime, timedelta, timezone

from azure.kusto.data import ClientRequestProperties, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import KustoApiError, KustoMultiApiError, KustoServiceError

URL, APP, KEY = os.environ["URL"], os.environ["APP"], os.environ.get("API_KEY", "")

TYPES = """
datatable(b:bool, i:int, l:long, r:real, d:decimal, s:string, t:datetime, p:timespan, g:guid, j:dynamic) [
  true, 7, 9007199254740993, 0.25, decimal(1.5), "it's ü \\"quoted\\"", datetime(2026-01-02 03:04:05.1234567),
    time(1.02:03:04.5678901), guid(74be27de-1e4e-49d9-b579-fe0b331d3642), dynamic({"a":[1,"x",null]}),
  bool(null), int(null), long(null), real(null), decimal(null), "", datetime(null), timespan(null), guid(null),
    dynamic(null),
  false, -1, -1, real(nan), decimal(0.1), "x", datetime(1999-12-31), time(-1s),
    guid(00000000-0000-0000-0000-000000000001), dynamic([1])
]
"""


def client():
    if KEY:
        builder = KustoConnectionStringBuilder.with_aad_application_token_authentication(URL, KEY)
    else:
        builder = KustoConnectionStringBuilder(URL)
    return KustoClient(builder)


def check_types(kusto):
    table = kusto.execute(APP, TYPES).primary_results[0]
    kinds = [column.column_type for column in table.columns]
    wanted = ["bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "guid", "dynamic"]
    assert kinds == wanted, kinds
    first, nulls, third = list(table)
    assert first["b"] is True and first["i"] == 7
    assert first["l"] == 9007199254740993, first["l"]
    assert first["r"] == 0.25 and str(first["d"]) == "1.5"
    assert first["s"] == "it's ü \"quoted\"", first["s"]
    # The client keeps microseconds; the seventh digit stands in the raw row.
    at = datetime(2026, 1, 2, 3, 4, 5, 123456, timezone.utc)
    assert abs(first["t"] - at) < timedelta(microseconds=2), first["t"]
    assert first["p"] == timedelta(days=1, hours=2, minutes=3, seconds=4, microseconds=567890), first["p"]
    assert str(first["g"]) == "74be27de-1e4e-49d9-b579-fe0b331d3642"
    assert first["j"] == {"a": [1, "x", None]}, first["j"]
    assert nulls["s"] == ""
    assert all(nulls[name] is None for name in "bilrdtpgj"), nulls.to_dict()
    assert third["r"] != third["r"] or third["r"] == "NaN", third["r"]
    assert third["p"] == timedelta(seconds=-1)
    raw = table.raw_rows[0]
    assert raw[6] == "2026-01-02T03:04:05.1234567Z", raw
    assert raw[7] == "1.02:03:04.5678901", raw


def check_tables(kusto):
    answer = kusto.execute(APP, "print a = 1; print b = 'two', c = 3 | render timechart")
    first, second = answer.primary_results
    assert first[0]["a"] == 1 and second[0]["b"] == "two"
    assert answer.errors_count == 0


def check_parameters(kusto):
    properties = ClientRequestProperties()
    properties.set_parameter("n", "41")
    properties.set_parameter("s", "it's \"x\"")
    text = "declare query_parameters(n:long, s:string); print n = n + 1, s = s"
    row = kusto.execute(APP, text, properties).primary_results[0][0]
    assert row["n"] == 42 and row["s"] == "it's \"x\"", row.to_dict()


def check_commands(kusto):
    names = [row["DatabaseName"] for row in kusto.execute_mgmt(APP, ".show databases").primary_results[0]]
    assert APP in names, names
    piped = kusto.execute(APP, ".show tables | where TableName == 'requests' | project TableName")
    assert [row["TableName"] for row in piped.primary_results[0]] == ["requests"]
    version = kusto.execute_mgmt(APP, ".show version").primary_results[0][0]
    assert version["ServiceType"] == "Engine"


def check_limits(kusto):
    text = "range x from 1 to 600000 step 1"
    try:
        kusto.execute(APP, text)
        raise AssertionError("a cut answer was taken for a whole one")
    except KustoMultiApiError as error:
        assert "E_QUERY_RESULT_SET_TOO_LARGE" in str(error), error
    properties = ClientRequestProperties()
    properties.set_option("notruncation", True)
    assert len(kusto.execute(APP, text, properties).primary_results[0]) == 600000


def check_streaming(kusto):
    answer = kusto.execute_streaming_query(APP, "range x from 1 to 50000 step 1 | extend s = strcat('row ', x)")
    table = next(answer.iter_primary_results())
    count = total = 0
    for row in table:
        count += 1
        total += row["x"]
    assert (count, total) == (50000, 50000 * 50001 // 2), (count, total)
    answer.set_skip_incomplete_tables(True)
    for _ in answer:
        pass
    assert answer.finished and answer.errors_count == 0


def check_errors(kusto):
    try:
        kusto.execute(APP, "requests | where nope == 1")
        raise AssertionError("a wrong query was answered")
    except KustoApiError as error:
        api = error.get_api_error()
        assert "nope" in api.description and api.permanent is True, api.description
    try:
        kusto.execute("no-such-database", "print 1")
        raise AssertionError("an unknown database was answered")
    except KustoServiceError as error:
        assert "no-such-database" in str(error)


def check_cancel(kusto):
    properties = ClientRequestProperties()
    properties.client_request_id = "check;cancel-me"
    properties.request_timeout_seconds = 60
    failures = []

    def ask():
        side = "range {} from 1 to 200000 step 1 | extend k = 1"
        text = f"{side.format('x')} | join kind=inner ({side.format('y')}) on k | summarize max(x * y)"
        try:
            client().execute(APP, text, properties)
            failures.append("it was answered")
        except KustoServiceError as error:
            if "cancelled" not in str(error):
                failures.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    for _ in range(100):
        running = kusto.execute_mgmt(APP, ".show queries").primary_results[0]
        if "check;cancel-me" in [row["ClientActivityId"] for row in running]:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("the query is not listed")
    kusto.execute_mgmt(APP, '.cancel query "check;cancel-me"')
    thread.join(20)
    assert not thread.is_alive() and not failures, failures


def main():
    kusto = client()
    check_types(kusto)
    check_tables(kusto)
    check_parameters(kusto)
    check_commands(kusto)
    check_limits(kusto)
    check_streaming(kusto)
    check_errors(kusto)
    check_cancel(kusto)
    print("ok")


main()
