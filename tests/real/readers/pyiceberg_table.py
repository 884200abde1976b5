"""Makes and changes tables by pyiceberg, as another program beside the tool would.

Request (JSON on standard input): catalog (pyiceberg's properties), table ("ns.t") and action:
"create" with fields ([{name, type, required}]), formatVersion and partitionBy (a column or
null); "append" with csv (paths); "describe". Every action prints the table as one JSON object.
"""

import json
import sys

import pyarrow as pa
from pyarrow.fs import FileSelector, FileType
from pyiceberg.catalog import load_catalog
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import NestedField

from expected_rows import NAN, read_csv


def create(catalog, request: dict):
    catalog.create_namespace_if_not_exists(request["table"].split(".")[0])
    fields = [
        NestedField(place, field["name"], field["type"], required=field["required"])
        for place, field in enumerate(request["fields"], start=1)
    ]
    spec = UNPARTITIONED_PARTITION_SPEC
    if request.get("partitionBy"):
        source = next(f.field_id for f in fields if f.name == request["partitionBy"])
        spec = PartitionSpec(PartitionField(source, 1000, IdentityTransform(), "part"))
    return catalog.create_table(
        request["table"],
        Schema(*fields),
        partition_spec=spec,
        properties={"format-version": str(request.get("formatVersion", 2))},
    )


def append(table, request: dict):
    schema = schema_to_pyarrow(table.schema())
    types = {field.name: str(field.field_type) for field in table.schema().fields}
    columns = list(zip(*read_csv(request["csv"], types)))
    arrays = [
        pa.array([float("nan") if v == NAN else v for v in values], type=field.type)
        for field, values in zip(schema, columns)
    ]
    table.append(pa.Table.from_arrays(arrays, schema=schema))
    return table


def files_below(table) -> list[str]:
    """Names of the files below the table's location, but metadata JSON, which the catalog writes."""
    scheme, netloc, path = table.io.parse_location(table.location(), table.io.properties)
    selector = FileSelector(path, recursive=True, allow_not_found=True)
    infos = table.io.fs_by_scheme(scheme, netloc).get_file_info(selector)
    names = [info.base_name for info in infos if info.type == FileType.File]
    return sorted(name for name in names if not name.endswith(".metadata.json"))


def main() -> None:
    request = json.load(sys.stdin)
    catalog = load_catalog("writer", **request["catalog"])
    action = request["action"]
    if action == "create":
        table = create(catalog, request)
    else:
        table = catalog.load_table(request["table"])
    if action == "append":
        table = append(table, request)
    head = table.current_snapshot()
    print(
        json.dumps(
            {
                "formatVersion": table.format_version,
                "location": table.location(),
                "metadataLocation": table.metadata_location,
                "fields": [
                    {"id": f.field_id, "name": f.name, "type": str(f.field_type), "required": f.required}
                    for f in table.schema().fields
                ],
                "snapshotId": None if head is None else str(head.snapshot_id),
                "rows": table.scan().to_arrow().num_rows if head is not None else 0,
                "files": files_below(table),
            }
        )
    )


main()
