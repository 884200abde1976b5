"""Writes and reads a table by pyiceberg with nothing but what the catalog says of its store.

Request (JSON on standard input): catalog (pyiceberg's properties), table ("ns.t", made when it is
missing) and rows (how many to append). Prints the rows that the table has then, the class that
reads its files, and whether its properties hold keys, as one JSON object.
"""

import json
import sys

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField


def main() -> None:
    request = json.load(sys.stdin)
    catalog = load_catalog("stranger", **request["catalog"])
    catalog.create_namespace_if_not_exists(request["table"].split(".")[0])
    schema = Schema(NestedField(1, "id", LongType(), required=False))
    table = catalog.create_table_if_not_exists(request["table"], schema)
    before = table.scan().to_arrow().num_rows
    ids = list(range(before, before + request["rows"]))
    table.append(pa.table({"id": pa.array(ids, pa.int64())}))
    table = catalog.load_table(request["table"])
    read = sorted(table.scan().to_arrow()["id"].to_pylist())
    print(
        json.dumps(
            {
                "ids": read,
                "io": type(table.io).__name__,
                "hasKeys": "s3.secret-access-key" in table.io.properties,
            }
        )
    )


main()
