"""Reads whole tables by DuckDB through a REST catalog and compares them with the rows given.

Request (JSON on standard input): attach ({endpoint, warehouse, delegation}) and tables
("ns.t" to its rows, each column by name). Prints what `print_comparison` does.
"""

import json
import sys

import duckdb_lake
from steps import print_comparison


def main() -> None:
    request = json.load(sys.stdin)
    connection = duckdb_lake.connect()
    duckdb_lake.attach(connection, request["attach"])

    def read(name: str) -> list[dict]:
        namespace, table = name.split(".")
        result = connection.execute(f'SELECT * FROM lake."{namespace}"."{table}"')
        return result.to_arrow_table().to_pylist()

    print_comparison(request["tables"], read)


main()
