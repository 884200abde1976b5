"""Reads a table back by DuckDB's Iceberg extension and compares it with CSV files.

Request (JSON on standard input): csv (list of paths), key (name of the unique column, or null),
types (column name to Iceberg type, in the table's order), s3 ({endpoint, accessKeyId,
secretAccessKey, region} or null) and one of: metadataLocation, or attach ({endpoint,
warehouse, delegation}) with table ("ns.t"). Prints one JSON object.
"""

import json
import sys

import duckdb

import duckdb_lake
from duckdb_lake import quoted
from expected_rows import compare, plain, read_csv


def connect(s3: dict | None) -> duckdb.DuckDBPyConnection:
    connection = duckdb_lake.connect()
    if s3 is not None:
        host = s3["endpoint"].removeprefix("http://")
        connection.execute(
            f"CREATE SECRET (TYPE s3, KEY_ID {quoted(s3['accessKeyId'])}, "
            f"SECRET {quoted(s3['secretAccessKey'])}, ENDPOINT {quoted(host)}, "
            f"REGION {quoted(s3['region'])}, URL_STYLE 'path', USE_SSL false)"
        )
    return connection


def source_of(connection: duckdb.DuckDBPyConnection, request: dict) -> str:
    """What stands behind FROM."""
    if "attach" not in request:
        return f"iceberg_scan({quoted(request['metadataLocation'])})"
    duckdb_lake.attach(connection, request["attach"])
    namespace, table = request["table"].split(".")
    return f'lake."{namespace}"."{table}"'


def main() -> None:
    request = json.load(sys.stdin)
    types = request["types"]
    connection = connect(request.get("s3"))
    source = source_of(connection, request)
    names = ", ".join(f'"{name}"' for name in types)
    data = connection.execute(f"SELECT {names} FROM {source}").to_arrow_table()
    columns = [
        [plain(value, kind) for value in data.column(name).to_pylist()]
        for name, kind in types.items()
    ]
    rows = list(zip(*columns))
    key = list(types).index(request["key"]) if request.get("key") else None
    print(json.dumps({"values": compare(rows, read_csv(request["csv"], types), key)}))


main()
