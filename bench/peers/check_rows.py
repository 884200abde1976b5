"""Compares what was loaded with its source, by DuckDB: neither of the contenders' own readers.

Request (JSON on standard input): source (a CSV file), and one of metadata (location of a table's
metadata file) and files (Parquet files), or neither for the source's own figures; s3 (endpoint,
region and keys) where the table lies there; and strange
(whether to look for rows that the source does not have, or has less often). Prints a JSON object:
rows, hash (the sum of the hashes of all rows, which does not depend on their order) and, when asked
for, strange (how many there are).
"""

import json
import sys

import duckdb
from duckdb_extensions import import_extension

COLUMNS = (
    "id::BIGINT AS id, name::VARCHAR AS name, age::BIGINT AS age, salary::DOUBLE AS salary, "
    "department::VARCHAR AS department, is_active::BOOLEAN AS is_active, created_at::TIMESTAMP AS created_at"
)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def figures(connection: duckdb.DuckDBPyConnection, rows: str) -> tuple[int, int]:
    text = f"SELECT count(*), sum(hash(id, name, age, salary, department, is_active, created_at)::HUGEINT) FROM {rows}"
    return connection.execute(text).fetchone()


def main(request: dict) -> None:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name in ("httpfs", "avro", "iceberg"):
        import_extension(name, con=connection)
        connection.execute(f"LOAD {name}")
    if "s3" in request:
        s3 = request["s3"]
        connection.execute(
            f"CREATE SECRET (TYPE s3, KEY_ID {quoted(s3['accessKeyId'])}, "
            f"SECRET {quoted(s3['secretAccessKey'])}, ENDPOINT {quoted(s3['endpoint'].removeprefix('http://'))}, "
            f"REGION {quoted(s3['region'])}, URL_STYLE 'path', USE_SSL false)"
        )
    source = f"(SELECT {COLUMNS} FROM read_csv({quoted(request['source'])}))"
    if "metadata" in request:
        loaded = f"(SELECT {COLUMNS} FROM iceberg_scan({quoted(request['metadata'])}))"
    elif "files" in request:
        files = ", ".join(quoted(file) for file in request["files"])
        loaded = f"(SELECT {COLUMNS} FROM read_parquet([{files}]))"
    else:
        loaded = source
    count, total = figures(connection, loaded)
    answer = {"rows": count, "hash": str(total)}
    if request.get("strange"):
        strange = f"SELECT count(*) FROM (FROM {loaded} EXCEPT ALL FROM {source})"
        answer["strange"] = connection.execute(strange).fetchone()[0]
    print(json.dumps(answer))


main(json.load(sys.stdin))
