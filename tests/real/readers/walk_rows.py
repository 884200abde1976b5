"""Areas of pyiceberg's walk that are about rows: how tables are made, and all that changes rows."""

import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    TruncateTransform,
    YearTransform,
)
from pyiceberg.types import (
    DateType,
    DecimalType,
    DoubleType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
)

from walk import Walk, arrow, path_of

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "city", StringType()),
    NestedField(3, "price", DecimalType(9, 2)),
    NestedField(4, "day", DateType()),
    NestedField(5, "at", TimestampType()),
    identifier_field_ids=[1],
)
CITIES = ["Amsterdam", "Bern", "Cádiz"]


def row(number: int, **changes: object) -> dict[str, object]:
    """A row of SCHEMA that is decided by its number."""
    return {
        "id": number,
        "city": CITIES[number % 3],
        "price": Decimal(number * 25).scaleb(-2).quantize(Decimal("0.01")),
        "day": date(2024, 1 + number % 12, 1 + number % 28),
        "at": datetime(2024, 1 + number % 12, 1 + number % 28, number % 24, 0, 0, number),
        **changes,
    }


def rows(start: int, end: int) -> list[dict[str, object]]:
    return [row(number) for number in range(start, end)]


def create(walk: Walk) -> None:
    """Tables of each format version, partitioned by each transform, sorted, nested."""
    transforms = {
        "identity": (2, IdentityTransform()),
        "bucket": (1, BucketTransform(4)),
        "truncate": (2, TruncateTransform(3)),
        "year": (4, YearTransform()),
        "month": (4, MonthTransform()),
        "day": (5, DayTransform()),
        "hour": (5, HourTransform()),
    }
    for version in ("1", "2", "3"):
        name = f"plain_v{version}"
        properties = {"format-version": version, "owner": "walker"}
        table = walk.catalog.create_table(walk.name(name), SCHEMA, properties=properties)
        walk.step(table.format_version, int(version), "format version")
        walk.step(table.properties, {"owner": "walker"}, "properties without reserved ones")
        walk.step(table.current_snapshot(), None, "a new table has no snapshot")
        walk.step(table.schema().identifier_field_ids, [1], "identifier fields")
        if version == "3":
            # pyiceberg makes tables of version 3, but cannot write rows into them.
            walk.step(walk.holds(name, []).metadata.next_row_id, 0, "next row id")
            continue
        table.append(arrow(table, rows(0, 10)))
        table.append(arrow(table, rows(10, 20)))
        walk.holds(name, rows(0, 20))
    for name, (source, transform) in transforms.items():
        spec = PartitionSpec(PartitionField(source, 1000, transform, f"by_{name}"))
        table = walk.catalog.create_table(walk.name(name), SCHEMA, partition_spec=spec)
        walk.step(table.spec(), spec, "partition spec")
        table.append(arrow(table, rows(0, 30)))
        walk.holds(name, rows(0, 30))
        walk.holds(name, [row(4)], row_filter="id == 4")
    _create_sorted(walk)
    _create_nested(walk)
    location = f"{walk.fresh('plain_v2').location()}-elsewhere"
    table = walk.catalog.create_table(walk.name("located"), SCHEMA, location=f"{location}/")
    walk.step(table.location(), location, "location as asked for, without a slash at its end")
    table.append(arrow(table, rows(0, 3)))
    walk.holds("located", rows(0, 3))
    again = walk.catalog.create_table_if_not_exists(walk.name("located"), SCHEMA)
    walk.step(again.metadata.table_uuid, table.metadata.table_uuid, "the table that is there")
    walk.error(
        "TableAlreadyExistsError", lambda: walk.catalog.create_table(walk.name("located"), SCHEMA)
    )


def _create_sorted(walk: Walk) -> None:
    order = SortOrder(
        SortField(2, IdentityTransform(), SortDirection.DESC, NullOrder.NULLS_LAST),
        SortField(1, BucketTransform(8), SortDirection.ASC, NullOrder.NULLS_FIRST),
        order_id=1,
    )
    spec = PartitionSpec(
        PartitionField(4, 1000, YearTransform(), "year"),
        PartitionField(2, 1001, IdentityTransform(), "city_part"),
    )
    name = walk.name("sorted")
    table = walk.catalog.create_table(name, SCHEMA, partition_spec=spec, sort_order=order)
    walk.step(table.sort_order(), order, "sort order")
    walk.step(table.metadata.last_partition_id, 1001, "last partition id")
    table.append(arrow(table, rows(0, 12)))
    walk.holds("sorted", rows(0, 12))
    walk.holds(
        "sorted", [r for r in rows(0, 12) if r["city"] == "Bern"], row_filter="city == 'Bern'"
    )


def _create_nested(walk: Walk) -> None:
    point = StructType(
        NestedField(12, "x", DoubleType(), required=True), NestedField(13, "y", DoubleType())
    )
    # Ids that a catalog has to assign anew: they are not in order, and pyiceberg does not mind.
    schema = Schema(
        NestedField(10, "id", LongType(), required=True),
        NestedField(11, "point", point),
        NestedField(20, "tags", ListType(21, StringType(), element_required=False)),
        NestedField(30, "prices", MapType(31, StringType(), 32, point, value_required=False)),
    )
    table = walk.catalog.create_table(walk.name("nested"), schema)
    walk.step(
        sorted(table.schema().field_ids),
        list(range(1, table.metadata.last_column_id + 1)),
        "ids assigned anew",
    )
    data = [
        {
            "id": 1,
            "point": {"x": 1.5, "y": None},
            "tags": ["a", None],
            "prices": [("k", {"x": 0.0, "y": 2.0})],
        },
        {"id": 2, "point": None, "tags": [], "prices": []},
    ]
    table.append(arrow(table, data))
    walk.holds("nested", data)
    walk.left.pop("nested")


def change(walk: Walk) -> None:
    """Append, overwrite, delete with filters, dynamic partition overwrite, upsert."""
    table = walk.catalog.create_table(walk.name("plain"), SCHEMA)
    table.append(arrow(table, rows(0, 10)), snapshot_properties={"batch": "first"})
    loaded = walk.holds("plain", rows(0, 10))
    walk.step(loaded.current_snapshot().summary["batch"], "first", "a property of the snapshot")
    table.overwrite(arrow(table, rows(100, 110)))
    walk.holds("plain", rows(100, 110))
    table.overwrite(arrow(table, rows(200, 203)), overwrite_filter="id < 103")
    walk.holds("plain", rows(103, 110) + rows(200, 203))
    table.delete("id == 105")
    walk.holds("plain", rows(103, 105) + rows(106, 110) + rows(200, 203))
    table.delete("city == 'Bern' and id >= 200")
    kept = [
        r
        for r in rows(103, 105) + rows(106, 110) + rows(200, 203)
        if not (r["city"] == "Bern" and r["id"] >= 200)
    ]
    walk.holds("plain", kept)
    result = table.upsert(arrow(table, [row(103, city="Delft"), row(500), row(501)]))
    walk.step((result.rows_updated, result.rows_inserted), (1, 2), "upsert")
    kept = [r for r in kept if r["id"] != 103] + [row(103, city="Delft"), row(500), row(501)]
    walk.holds("plain", kept)
    reader = pa.RecordBatchReader.from_batches(
        table.schema().as_arrow(), arrow(table, rows(600, 620)).to_batches(5)
    )
    table.append(reader)
    kept += rows(600, 620)
    loaded = walk.holds("plain", kept)
    walk.step(loaded.scan(row_filter="id > 599").count(), 20, "count")
    walk.step(loaded.scan(row_filter="id > 599", limit=3).to_arrow().num_rows, 3, "limit")
    _change_at_once(walk, table, kept)
    walk.fresh("plain").delete()
    walk.holds("plain", [])
    _change_partitions(walk)


def _change_at_once(walk: Walk, table: Table, kept: list) -> None:
    with table.transaction() as transaction:
        transaction.delete("id >= 600")
        transaction.append(arrow(table, rows(700, 702)))
        transaction.set_properties(changed="at once")
    loaded = walk.holds("plain", [r for r in kept if r["id"] < 600] + rows(700, 702))
    walk.step(loaded.properties["changed"], "at once", "a property of the same transaction")


def _change_partitions(walk: Walk) -> None:
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "city"))
    table = walk.catalog.create_table(walk.name("by_city"), SCHEMA, partition_spec=spec)
    table.append(arrow(table, rows(0, 9)))
    table.dynamic_partition_overwrite(arrow(table, [row(31), row(34)]))
    kept = [r for r in rows(0, 9) if r["city"] != "Bern"] + [row(31), row(34)]
    walk.holds("by_city", kept)
    table.delete("city == 'Amsterdam'")
    kept = [r for r in kept if r["city"] != "Amsterdam"]
    loaded = walk.holds("by_city", kept)
    summary = loaded.current_snapshot().summary
    walk.step(
        (summary.operation.value, summary["deleted-records"]), ("delete", "3"), "a whole partition"
    )
    table.append(arrow(table, [row(50, city=None)]))
    walk.holds("by_city", [*kept, row(50, city=None)])


def writers(walk: Walk) -> None:
    """Writers at once: pyiceberg retries, and each row is there once, in an unbroken history."""
    threads, commits = 6, 4
    properties = {
        "commit.retry.num-retries": "100",
        "commit.retry.min-wait-ms": "5",
        "commit.retry.max-wait-ms": "50",
    }
    walk.catalog.create_table(walk.name("raced"), SCHEMA, properties=properties)

    def write(number: int) -> None:
        table = load_catalog(f"writer{number}", **walk.properties).load_table(walk.name("raced"))
        for commit in range(commits):
            table.append(arrow(table, [row(number * 100 + commit)]))

    _at_once([lambda number=number: write(number) for number in range(threads)])
    wanted = [row(number * 100 + commit) for number in range(threads) for commit in range(commits)]
    loaded = walk.holds("raced", wanted)
    _check_chain(walk, loaded, threads * commits)
    _create_at_once(walk)


def _check_chain(walk: Walk, table: Table, count: int) -> None:
    snapshots = sorted(table.snapshots(), key=lambda s: s.sequence_number)
    walk.step([s.sequence_number for s in snapshots], list(range(1, count + 1)), "sequence numbers")
    parents = [None, *[s.snapshot_id for s in snapshots][:-1]]
    walk.step([s.parent_snapshot_id for s in snapshots], parents, "parents")
    walk.step(
        [entry.snapshot_id for entry in table.history()],
        [s.snapshot_id for s in snapshots],
        "snapshot log",
    )
    logged = [path_of(entry.metadata_file).is_file() for entry in table.metadata.metadata_log]
    walk.step(logged, [True] * count, "the metadata log names files that are there")


def _create_at_once(walk: Walk) -> None:
    """Six clients make one table: one does, the others are told that it exists."""
    seen: list[str] = []

    def make() -> None:
        catalog = load_catalog("maker", **walk.properties)
        try:
            catalog.create_table(walk.name("made"), SCHEMA)
            seen.append("made")
        except Exception as error:
            seen.append(type(error).__name__)

    _at_once([make] * 6)
    walk.step(sorted(seen), ["TableAlreadyExistsError"] * 5 + ["made"], "one makes the table")


def _at_once(actions: list[Callable[[], None]]) -> None:
    errors: list[BaseException] = []

    def guarded(action: Callable[[], None]) -> None:
        try:
            action()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
