"""Runs statements of DuckDB's SQL, offline, and prints what the last one answers.

The statements come on standard input. INSTALL is left out: the extensions are there as packages.
"""

import sys

import duckdb_lake


def main() -> None:
    connection = duckdb_lake.connect()
    for statement in sys.stdin.read().split(";"):
        if statement.strip() and not statement.strip().upper().startswith("INSTALL"):
            result = connection.execute(statement)
    print(result.fetchall())


main()
