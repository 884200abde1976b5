"""Loads a CSV file by DuckDB: to a Parquet file, or into a table by its Iceberg extension.

Arguments: way (parquet or iceberg), threads, file, and then the Parquet file, or else catalog URI,
warehouse and table.
"""

import sys

import duckdb


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def write_parquet(connection: duckdb.DuckDBPyConnection, file: str, target: str) -> None:
    connection.execute(f"COPY (FROM read_csv({quoted(file)})) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)")


def insert(connection: duckdb.DuckDBPyConnection, file: str, uri: str, warehouse: str, name: str) -> None:
    from duckdb_extensions import import_extension

    for extension in ("httpfs", "avro", "iceberg"):
        import_extension(extension, con=connection)
        connection.execute(f"LOAD {extension}")
    connection.execute(
        f"ATTACH {quoted(warehouse)} AS lake (TYPE iceberg, ENDPOINT {quoted(uri)}, AUTHORIZATION_TYPE 'none')"
    )
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{name.split('.')[0]}")
    connection.execute(f"CREATE TABLE lake.{name} AS FROM read_csv({quoted(file)})")


def main(way: str, threads: str, file: str, *rest: str) -> None:
    connection = duckdb.connect()
    connection.execute(f"SET threads = {int(threads)}")
    # Otherwise everything is held back until it can be written in the order of the file.
    connection.execute("SET preserve_insertion_order = false")
    {"parquet": write_parquet, "iceberg": insert}[way](connection, file, *rest)


main(*sys.argv[1:])
