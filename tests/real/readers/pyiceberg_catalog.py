"""A walk through a catalog by pyiceberg: namespace, table, schema change, properties, rename, drop.

Request (JSON on standard input): catalog (pyiceberg's properties) and namespace, which must not
exist yet. Prints what was seen on the way as one JSON object.
"""

import json
import sys

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType


def error_of(action) -> str:
    """The class name of the error that an action ends with."""
    try:
        action()
    except Exception as error:
        return type(error).__name__
    return "none"


def main() -> None:
    request = json.load(sys.stdin)
    namespace = request["namespace"]
    catalog = load_catalog("walker", **request["catalog"])
    schema = Schema(NestedField(1, "id", LongType(), required=True))
    one, two = f"{namespace}.one", f"{namespace}.two"

    def tables() -> list[str]:
        return sorted(".".join(name) for name in catalog.list_tables(namespace))

    catalog.create_namespace(namespace)
    table = catalog.create_table(one, schema)
    errors = [
        error_of(lambda: catalog.create_namespace(namespace)),
        error_of(lambda: catalog.create_table(one, schema)),
        error_of(lambda: catalog.load_table(f"{namespace}.none")),
    ]
    ids = pa.schema([pa.field("id", pa.int64(), nullable=False)])
    table.append(pa.table({"id": [1]}, schema=ids))
    with table.transaction() as transaction:
        transaction.set_properties(owner="someone")
        with transaction.update_schema() as update:
            update.add_column("note", StringType())
    table = catalog.load_table(one)
    table.append(pa.table({"id": [2], "note": ["x"]}, schema=ids.append(pa.field("note", pa.string()))))
    seen = {
        "namespaces": sorted(".".join(n) for n in catalog.list_namespaces() if n[0] == namespace),
        "tables": tables(),
        "columns": [field.name for field in catalog.load_table(one).schema().fields],
        "properties": {k: v for k, v in catalog.load_table(one).properties.items() if k == "owner"},
        "rows": catalog.load_table(one).scan().to_arrow().num_rows,
    }
    catalog.rename_table(one, two)
    seen["afterRename"] = tables()
    catalog.drop_table(two)
    seen["afterDrop"] = tables()
    catalog.drop_namespace(namespace)
    seen["namespaceLeft"] = (namespace,) in catalog.list_namespaces()
    seen["errors"] = errors
    print(json.dumps(seen))


main()
