"""PyPI azure-kusto-ingest 6.0.4: rows by its streaming client, from a file, a stream and a frame of data."""

import io
import os
import tempfile
from datetime import datetime, timezone

from azure.kusto.data import DataFormat, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import KustoApiError, KustoServiceError
from azure.kusto.ingest import IngestionProperties, KustoStreamingIngestClient, StreamDescriptor

URL, APP, KEY = os.environ["URL"], os.environ["APP"], os.environ.get("API_KEY", "")


def address():
    if KEY:
        return KustoConnectionStringBuilder.with_aad_application_token_authentication(URL, KEY)
    return KustoConnectionStringBuilder(URL)


def rows(kusto, text):
    return [row.to_list() for row in kusto.execute(APP, text).primary_results[0]]


def properties(table, form=DataFormat.CSV):
    return IngestionProperties(database=APP, table=table, data_format=form)


def main():
    kusto = KustoClient(address())
    client = KustoStreamingIngestClient(address())
    kusto.execute_mgmt(APP, ".create table Builds (at:datetime, name:string, n:long, ok:bool, tags:dynamic)")
    client.ingest_from_stream(
        StreamDescriptor(io.BytesIO(b'2026-01-02T03:04:05Z,"a ""quoted"" name",9007199254740993,true,"{""k"":[1]}"\n')),
        properties("Builds"),
    )
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        file.write('{"at":"2026-01-03","name":"b","n":2,"ok":false,"tags":["x"]}\n{"name":"c"}\n')
    client.ingest_from_file(file.name, properties("Builds", DataFormat.JSON))
    found = rows(kusto, "Builds | order by name asc")
    first = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert found == [
        [first, 'a "quoted" name', 9007199254740993, True, {"k": [1]}],
        [datetime(2026, 1, 3, tzinfo=timezone.utc), "b", 2, False, ["x"]],
        [None, "c", None, None, None],
    ], found
    try:
        client.ingest_from_stream(StreamDescriptor(io.BytesIO(b"1\n")), properties("Nowhere"))
        raise AssertionError("rows of no table were taken")
    except (KustoApiError, KustoServiceError) as error:
        assert "Nowhere" in str(error), error
    kusto.execute_mgmt(APP, ".create-merge table Builds (extra:real)")
    kusto.execute_mgmt(APP, ".set-or-append Builds <| print at = now(), name = 'd', n = 4, ok = true, tags = dynamic(null), extra = 0.5")
    assert rows(kusto, "Builds | where name == 'd' | project n, extra") == [[4, 0.5]]
    kusto.execute_mgmt(APP, ".drop table Builds")
    try:
        kusto.execute(APP, "Builds | count")
        raise AssertionError("a dropped table was answered")
    except KustoServiceError as error:
        assert "Builds" in str(error), error
    print("ok")


main()
