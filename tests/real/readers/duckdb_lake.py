"""DuckDB with its Iceberg extension, offline, and catalogs attached to it."""

import duckdb
from duckdb_extensions import import_extension


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def connect() -> duckdb.DuckDBPyConnection:
    """A connection of its own, with the extensions that Iceberg takes."""
    connection = duckdb.connect()
    for name in ("httpfs", "avro", "iceberg"):
        import_extension(name, con=connection)
        connection.execute(f"LOAD {name}")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def attach(connection: duckdb.DuckDBPyConnection, catalog: dict) -> None:
    """Attaches a REST catalog as "lake": catalog holds endpoint, warehouse and delegation."""
    connection.execute(
        f"ATTACH {quoted(catalog['warehouse'])} AS lake (TYPE iceberg, "
        f"ENDPOINT {quoted(catalog['endpoint'])}, AUTHORIZATION_TYPE 'none', "
        f"ACCESS_DELEGATION_MODE {quoted(catalog['delegation'])})"
    )
