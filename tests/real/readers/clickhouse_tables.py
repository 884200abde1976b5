"""Reads whole tables by ClickHouse through a REST catalog and compares them with the rows given.

Request (JSON on standard input): catalog (uri and warehouse), directory (of the warehouse) and
tables ("ns.t" to its rows, each column by name). Prints what `print_comparison` does.
"""

import json
import os
import sys

import chdb

from steps import Row, print_comparison

# As Python writes them: decimals with all their digits, 64-bit numbers as numbers.
SETTINGS = (
    "allow_database_iceberg = 1, output_format_json_quote_decimals = 1, "
    "output_format_decimal_trailing_zeros = 1, output_format_json_quote_64bit_integers = 0"
)


def plain(row: Row) -> Row:
    """Times without the fraction of a second that Python leaves out, too."""
    return {
        name: value.removesuffix(".000000") if isinstance(value, str) else value
        for name, value in row.items()
    }


def main() -> None:
    request = json.load(sys.stdin)
    catalog = request["catalog"]
    # ClickHouse reads no local files but those below the working directory.
    os.chdir(request["directory"])
    connection = chdb.connect(":memory:")
    connection.query("SET allow_database_iceberg = 1")
    # On local disk ClickHouse wants a format and a compression where an object store has its keys.
    connection.query(
        f"CREATE DATABASE lake ENGINE = DataLakeCatalog('{catalog['uri']}/v1', 'Parquet', 'none') "
        f"SETTINGS catalog_type = 'rest', warehouse = '{catalog['warehouse']}'"
    )

    def read(name: str) -> list[Row]:
        query = f"SELECT * FROM lake.`{name}` SETTINGS {SETTINGS}"
        lines = connection.query(query, "JSONEachRow").bytes().decode().splitlines()
        return [plain(json.loads(line)) for line in lines]

    print_comparison(request["tables"], read)


main()
