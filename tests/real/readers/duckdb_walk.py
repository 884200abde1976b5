"""Walks through a catalog by DuckDB's SQL; what it left is read by pyiceberg. See steps.py."""

from datetime import date, datetime, timezone
from decimal import Decimal
from uuid import UUID

import duckdb

import duckdb_lake
from steps import Row
from walk import Walk, main

TYPES = """id BIGINT NOT NULL, name VARCHAR, price DECIMAL(9, 2), day DATE, ts TIMESTAMP,
  tz TIMESTAMPTZ, small FLOAT, wide DOUBLE, yes BOOLEAN, number INTEGER, key UUID, bytes BLOB"""
KEY = UUID("0f9e8d7c-6b5a-4938-a716-253443526170")


def connect(walk: Walk) -> duckdb.DuckDBPyConnection:
    connection = duckdb_lake.connect()
    catalog = {
        "endpoint": walk.properties["uri"],
        "warehouse": walk.properties["warehouse"],
        "delegation": "none",
    }
    duckdb_lake.attach(connection, catalog)
    return connection


def run(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[tuple]:
    return connection.execute(sql, values or None).fetchall()


def same(walk: Walk, connection: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    """Asserts that DuckDB, on another connection too, and pyiceberg see exactly these rows."""
    other = connect(walk)
    names = list(rows[0]) if rows else ["*"]
    for reader in (connection, other):
        seen = run(reader, f"SELECT {', '.join(names)} FROM lake.{walk.name(table)} ORDER BY ALL")
        walk.step(seen, sorted(tuple(row.values()) for row in rows), f"{table} by DuckDB")
    other.close()
    walk.holds(table, rows)


def numbers(*ids: int) -> list[Row]:
    return [{"id": number, "part": number % 3} for number in ids]


def types(walk: Walk) -> None:
    """A value of each type, and nulls."""
    lake = connect(walk)
    run(lake, f"CREATE TABLE lake.{walk.name('typed')} ({TYPES})")
    walk.holds("typed", [])
    row = {
        "id": 2**53 + 1,
        "name": "naïve “x”",
        "price": Decimal("-1234567.89"),
        "day": date(1969, 12, 31),
        "ts": datetime(2024, 2, 29, 23, 59, 59, 999999),
        "tz": datetime(2024, 2, 29, 23, 59, 59, 1, tzinfo=timezone.utc),
        "small": 0.5,
        "wide": 1e300,
        "yes": True,
        "number": -(2**31),
        "key": KEY,
        "bytes": b"\x00\xff",
    }
    empty = {name: None for name in row} | {"id": 1}
    for values in (row, empty):
        marks = ", ".join("?" for _ in values)
        run(lake, f"INSERT INTO lake.{walk.name('typed')} VALUES ({marks})", *values.values())
    walk.holds("typed", [row, empty])
    walk.left.pop("typed")


def rows(walk: Walk) -> None:
    """INSERT, DELETE, UPDATE, MERGE, CREATE TABLE AS, on tables of version 2 and 3."""
    lake = connect(walk)
    plans = {"v2": "", "v3": "WITH ('format-version' = 3)", "parted": "PARTITIONED BY (part)"}
    for table, plan in plans.items():
        name = f"lake.{walk.name(table)}"
        run(lake, f"CREATE TABLE {name} (id BIGINT, part BIGINT) {plan}")
        run(lake, f"INSERT INTO {name} SELECT i, i % 3 FROM range(10) r(i)")
        same(walk, lake, table, numbers(*range(10)))
        run(lake, f"DELETE FROM {name} WHERE id IN (3, 4)")
        same(walk, lake, table, numbers(0, 1, 2, 5, 6, 7, 8, 9))
        run(lake, f"UPDATE {name} SET id = id + 30 WHERE id > 6")
        same(walk, lake, table, [*numbers(0, 1, 2, 5, 6), *numbers(37, 38, 39)])
        loaded = walk.fresh(table)
        walk.step([s.sequence_number for s in loaded.snapshots()], [1, 2, 3], "sequence numbers")
    walk.step(walk.fresh("v3").format_version, 3, "format version")
    name = f"lake.{walk.name('v2')}"
    run(
        lake,
        f"MERGE INTO {name} t USING (VALUES (5, 50), (90, 9)) s(id, part) ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET part = s.part "
        "WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.part)",
    )
    merged = [*numbers(0, 1, 2, 6, 37, 38, 39), {"id": 5, "part": 50}, {"id": 90, "part": 9}]
    same(walk, lake, "v2", merged)
    run(lake, f"CREATE TABLE lake.{walk.name('copy')} AS SELECT id, part FROM {name} WHERE id < 10")
    same(walk, lake, "copy", [row for row in merged if row["id"] < 10])
    first = walk.fresh("v2").snapshots()[0].snapshot_id
    walk.step(
        run(lake, f"SELECT count(*) FROM {name} AT (VERSION => {first})"), [(10,)], "time travel"
    )


def shape(walk: Walk) -> None:
    """ALTER TABLE: columns come, go and are renamed; the table is renamed; properties."""
    lake = connect(walk)
    name = f"lake.{walk.name('first')}"
    run(
        lake,
        f"CREATE TABLE {name} AS SELECT i AS id, i * 10 AS ten, 'x' AS gone FROM range(3) r(i)",
    )
    run(lake, f"ALTER TABLE {name} ADD COLUMN later VARCHAR")
    run(lake, f"ALTER TABLE {name} RENAME COLUMN ten TO tens")
    run(lake, f"ALTER TABLE {name} DROP COLUMN gone")
    run(lake, f"INSERT INTO {name} VALUES (3, 30, 'y')")
    wanted = [{"id": i, "tens": i * 10, "later": None} for i in range(3)] + [
        {"id": 3, "tens": 30, "later": "y"}
    ]
    walk.holds("first", wanted)
    run(lake, f"CALL set_iceberg_table_properties({name}, {{'owner': 'duck', 'b': '2'}})")
    run(lake, f"CALL remove_iceberg_table_properties({name}, ['b'])")
    properties = walk.fresh("first").properties
    walk.step((properties.get("owner"), "b" in properties), ("duck", False), "properties")
    run(lake, f"ALTER TABLE {name} RENAME TO renamed")
    walk.left.pop("first")
    walk.holds("renamed", wanted)
    walk.step(walk.catalog.table_exists(walk.name("first")), False, "the old name is free")


def transactions(walk: Walk) -> None:
    """Several tables in one commit, all or none; DuckDB's writers at once."""
    lake, other = connect(walk), connect(walk)
    for table in ("one", "two"):
        run(lake, f"CREATE TABLE lake.{walk.name(table)} (id BIGINT, part BIGINT)")
        run(lake, f"INSERT INTO lake.{walk.name(table)} VALUES (0, 0)")
    insert = "INSERT INTO lake.{} VALUES ({}, {})"
    run(lake, "BEGIN")
    for table in ("one", "two"):
        run(lake, insert.format(walk.name(table), 1, 1))
        walk.holds(table, numbers(0))
    run(lake, "COMMIT")
    for table in ("one", "two"):
        same(walk, lake, table, numbers(0, 1))
    run(lake, "BEGIN")
    run(lake, insert.format(walk.name("one"), 2, 2))
    run(lake, "ROLLBACK")
    same(walk, lake, "one", numbers(0, 1))
    _clash(walk, lake, other)


def _clash(walk: Walk, lake: duckdb.DuckDBPyConnection, other: duckdb.DuckDBPyConnection) -> None:
    """A transaction of which one table was changed by another client changes no table at all."""
    run(lake, "BEGIN")
    run(lake, f"DELETE FROM lake.{walk.name('one')} WHERE id = 0")
    run(lake, f"INSERT INTO lake.{walk.name('two')} VALUES (9, 0)")
    run(other, f"DELETE FROM lake.{walk.name('one')} WHERE id = 1")
    walk.error("TransactionException", lambda: run(lake, "COMMIT"))
    walk.holds("one", numbers(0))
    walk.holds("two", numbers(0, 1))


def names(walk: Walk) -> None:
    """Schemas and tables are made, listed and dropped."""
    lake = connect(walk)
    run(lake, "CREATE SCHEMA lake.duck_made")
    run(lake, "CREATE SCHEMA IF NOT EXISTS lake.duck_made")
    walk.step(walk.catalog.namespace_exists("duck_made"), True, "namespace")
    run(lake, "CREATE TABLE lake.duck_made.t (id BIGINT)")
    run(lake, "CREATE TABLE IF NOT EXISTS lake.duck_made.t (id BIGINT)")
    walk.step(walk.catalog.list_tables("duck_made"), [("duck_made", "t")], "tables")
    listed = run(lake, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'duck_made'")
    walk.step(listed, [("t",)], "tables by DuckDB")
    walk.error(
        "CatalogException", lambda: run(connect(walk), "CREATE TABLE lake.duck_made.t (id BIGINT)")
    )
    walk.error("TransactionException", lambda: run(connect(walk), "DROP SCHEMA lake.duck_made"))
    run(lake, "DROP TABLE lake.duck_made.t")
    run(lake, "DROP TABLE IF EXISTS lake.duck_made.t")
    run(lake, "DROP SCHEMA lake.duck_made")
    walk.step(walk.catalog.namespace_exists("duck_made"), False, "after the drop")


main({area.__name__: area for area in (types, rows, shape, transactions, names)})
