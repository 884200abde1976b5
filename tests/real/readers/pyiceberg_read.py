"""Reads a table back by pyiceberg and compares it with CSV files, value by value.

Request (JSON on standard input): catalog (pyiceberg's properties), table ("ns.t"), csv (list of
paths), key (name of the unique column, or null), filter ({"column": ..., "above": number} or
null) and unchecked (names of data files whose metrics are not looked at, or "all"). Prints one JSON object: rows, values, snapshots, files and what the filter planned.
"""

import json
import sys

import pyarrow.parquet as parquet
from pyiceberg.catalog import load_catalog
from pyiceberg.conversions import from_bytes
from pyiceberg.expressions import GreaterThan

from expected_rows import NAN, compare, plain, read_csv

BOUND_LENGTH = 16
METRIC_MAPS = (
    "column_sizes",
    "value_counts",
    "null_value_counts",
    "nan_value_counts",
    "lower_bounds",
    "upper_bounds",
)


def rows_of(arrow_table, types: dict[str, str]) -> list[tuple]:
    columns = [
        [plain(value, kind) for value in arrow_table.column(name).to_pylist()]
        for name, kind in types.items()
    ]
    return list(zip(*columns))


def check_chain(snapshots: list[dict]) -> list[str]:
    """What is wrong with the history: one line of parents, totals that add up."""
    problems = []
    for before, after in zip(snapshots, snapshots[1:]):
        if after["parent_id"] != before["snapshot_id"]:
            problems.append(f"snapshot {after['snapshot_id']} does not follow its predecessor")
        if after["committed_at"] < before["committed_at"]:
            problems.append(f"snapshot {after['snapshot_id']} is older than its parent")
        for total, added in (
            ("total-records", "added-records"),
            ("total-data-files", "added-data-files"),
            ("total-files-size", "added-files-size"),
        ):
            then, now = dict(before["summary"]), dict(after["summary"])
            if int(now[total]) != int(then[total]) + int(now.get(added, "0")):
                problems.append(f"{total} of snapshot {after['snapshot_id']} does not add up")
    return problems


def check_bounds(name: str, kind: str, values: list, lower, upper) -> list[str]:
    """What is wrong with a column's bounds, given all values of its file."""
    real = [value for value in values if value is not None and value != NAN]
    if not real:
        return [f"{name}: bounds without a value"] if lower is not None or upper is not None else []
    least, most = min(real), max(real)
    if kind in ("string", "binary"):
        problems = []
        if lower != least[:BOUND_LENGTH]:
            problems.append(f"{name}: lower bound {lower!r} for {least!r}")
        if upper is None:
            # A bound that cannot be incremented is left out.
            highest = b"\xff" if kind == "binary" else "\U0010ffff"
            fits = len(most) > BOUND_LENGTH and most[:BOUND_LENGTH] == highest * BOUND_LENGTH
        elif len(most) <= BOUND_LENGTH:
            fits = upper == most
        else:
            fits = most <= upper and len(upper) <= BOUND_LENGTH
        return problems if fits else [*problems, f"{name}: upper bound {upper!r} for {most!r}"]
    if (lower, upper) != (least, most):
        return [f"{name}: bounds {lower!r} to {upper!r} for {least!r} to {most!r}"]
    return []


def check_file(table, entry: dict, fields: list) -> list[str]:
    """What is wrong with a data file's entry in the manifest, given the file itself."""
    problems = []
    source = table.io.new_input(entry["file_path"])
    if len(source) != entry["file_size_in_bytes"]:
        problems.append(f"size {entry['file_size_in_bytes']}, the file has {len(source)}")
    with source.open() as stream:
        file = parquet.ParquetFile(stream)
        footer, schema = file.metadata, file.schema_arrow
        data = file.read()
    if footer.num_rows != entry["record_count"]:
        problems.append(f"{entry['record_count']} rows, the file has {footer.num_rows}")
    starts = [
        min(
            group.column(c).dictionary_page_offset or group.column(c).data_page_offset
            for c in range(group.num_columns)
        )
        for group in (footer.row_group(g) for g in range(footer.num_row_groups))
    ]
    if entry["split_offsets"] is not None and entry["split_offsets"] != starts:
        problems.append(f"split offsets {entry['split_offsets']}, row groups start at {starts}")
    maps = {
        name: dict(entry[name] or [])
        for name in METRIC_MAPS
    }
    for place, column in enumerate(schema):
        field = next((f for f in fields if f.name == column.name), None)
        if field is None:
            problems.append(f"{column.name}: not in the table")
            continue
        kind, name = str(field.field_type), field.name
        written_id = (column.metadata or {}).get(b"PARQUET:field_id", b"none").decode()
        if written_id != str(field.field_id):
            problems.append(f"{name}: field id {written_id} in the file, {field.field_id} in the table")
        if field.required == column.nullable:
            problems.append(f"{name}: nullable {column.nullable}, required {field.required}")
        size = sum(
            footer.row_group(g).column(place).total_compressed_size
            for g in range(footer.num_row_groups)
        )
        values = [plain(value, kind) for value in data.column(place).to_pylist()]
        nulls, nans = values.count(None), values.count(NAN)
        for metric, wanted in (
            ("column_sizes", size),
            ("value_counts", len(values)),
            ("null_value_counts", nulls),
            # The count of NaN may be left out where there is none.
            *((("nan_value_counts", nans),) if nans > 0 else ()),
        ):
            if maps[metric].get(field.field_id) != wanted:
                problems.append(f"{name}: {metric} {maps[metric].get(field.field_id)}, not {wanted}")
        raw = [maps[side].get(field.field_id) for side in ("lower_bounds", "upper_bounds")]
        bounds = [
            None if side is None else plain(from_bytes(field.field_type, side), kind) for side in raw
        ]
        problems += check_bounds(name, kind, values, *bounds)
        readable = entry["readable_metrics"][name] if "readable_metrics" in entry else None
        if readable is not None and (readable["value_count"], readable["null_value_count"]) != (len(values), nulls):
            problems.append(f"{name}: readable counts {readable!r}")
    return [f"{entry['file_path'].rsplit('/', 1)[1]}: {problem}" for problem in problems]


def entries_of(table) -> list[dict]:
    """The live data files as `inspect.files()` shows them."""
    if not any(str(field.field_type) == "uuid" for field in table.schema().fields):
        return table.inspect.files().to_pylist()
    # pyarrow cannot build the readable metrics of a uuid column, so these come from the manifests.
    names = ("file_path", "file_size_in_bytes", "record_count", "split_offsets", *METRIC_MAPS)
    files = [task.file for task in table.scan().plan_files()]
    return [{name: getattr(file, name) for name in names} for file in files]


def files_of(table, unchecked) -> dict:
    """Every live data file's metrics against its content. Some files may be left out."""
    entries = entries_of(table)
    fields = table.schema().fields
    problems = []
    for entry in entries:
        if unchecked != "all" and entry["file_path"].rsplit("/", 1)[1] not in unchecked:
            problems += check_file(table, entry, fields)
    return {
        "count": len(entries),
        "records": sum(entry["record_count"] for entry in entries),
        "bytes": sum(entry["file_size_in_bytes"] for entry in entries),
        "problems": problems[:20],
    }


def main() -> None:
    request = json.load(sys.stdin)
    table = load_catalog("reader", **request["catalog"]).load_table(request["table"])
    types = {field.name: str(field.field_type) for field in table.schema().fields}
    head = table.current_snapshot()
    rows = rows_of(table.scan().to_arrow(), types)
    key = list(types).index(request["key"]) if request.get("key") else None
    # pyiceberg gives the snapshots in the order in which the catalog keeps them.
    order = {s.snapshot_id: s.sequence_number for s in table.metadata.snapshots}
    history = table.inspect.snapshots().to_pylist()
    history.sort(key=lambda snapshot: order[snapshot["snapshot_id"]])
    result = {
        "types": types,
        "formatVersion": table.format_version,
        "location": table.location(),
        "metadataLocation": table.metadata_location,
        "snapshotId": None if head is None else str(head.snapshot_id),
        "summary": {} if head is None else {"operation": head.summary.operation.value}
        | head.summary.additional_properties,
        "snapshots": len(history),
        "chainProblems": check_chain(history)[:10],
        "firstParent": history[0]["parent_id"] if history else None,
        "files": files_of(table, request.get("unchecked", [])) if head is not None else None,
        "values": compare(rows, read_csv(request["csv"], types), key)
        if request.get("csv") is not None
        else {"rows": len(rows)},
    }
    if request.get("filter"):
        wanted = request["filter"]
        column, above = wanted["column"], wanted["above"]
        scan = table.scan(row_filter=GreaterThan(column, above))
        place = list(types).index(column)
        result["filter"] = {
            "files": len(list(scan.plan_files())),
            "rows": scan.to_arrow().num_rows,
            "rowsExpected": sum(1 for row in rows if row[place] > above),
        }
    print(json.dumps(result))


main()
