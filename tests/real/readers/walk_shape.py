"""Areas of pyiceberg's walk on a table's shape: schema, partition spec, sort order, version."""

from datetime import date

import pyarrow as pa
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortDirection
from pyiceberg.transforms import (
    BucketTransform,
    IdentityTransform,
    MonthTransform,
    TruncateTransform,
)
from pyiceberg.types import (
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
)

from walk import Walk, arrow

SMALL = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "count", IntegerType()),
    NestedField(3, "ratio", FloatType()),
    NestedField(4, "price", DecimalType(6, 2)),
    NestedField(5, "note", StringType(), required=True),
)


def schema(walk: Walk) -> None:
    """Add, rename, promote, reorder, drop; earlier rows are read by the new schema."""
    table = walk.catalog.create_table(walk.name("evolved"), SMALL)
    first = {"id": 1, "count": 7, "ratio": 0.5, "price": "1.25", "note": "x"}
    table.append(
        arrow(table, [{**first, "price": pa.scalar("1.25").cast(pa.decimal128(6, 2)).as_py()}])
    )
    walk.holds("evolved", [first])
    with table.update_schema() as update:
        update.add_column("added", StringType(), doc="added later")
    walk.holds("evolved", [{**first, "added": None}])
    with table.update_schema() as update:
        update.rename_column("count", "number")
        update.update_column("count", LongType(), doc="promoted")
        update.update_column("ratio", DoubleType())
        update.update_column("price", DecimalType(12, 2))
        update.make_column_optional("note")
    loaded = walk.holds(
        "evolved",
        [{"id": 1, "number": 7, "ratio": 0.5, "price": "1.25", "note": "x", "added": None}],
    )
    walk.step(loaded.schema().find_field("number").field_id, 2, "a renamed column keeps its id")
    walk.step(loaded.schema().find_field("number").doc, "promoted", "documentation of a column")
    with table.update_schema() as update:
        update.move_first("note")
        update.move_after("added", "id")
        update.move_before("price", "number")
    walk.step(
        walk.fresh("evolved").schema().column_names,
        ["note", "id", "added", "price", "number", "ratio"],
        "order",
    )
    with table.update_schema() as update:
        update.delete_column("added")
    with table.update_schema() as update:
        update.add_column("added", LongType())
    loaded = walk.fresh("evolved")
    walk.step(
        loaded.schema().find_field("added").field_id, 7, "a name that comes back has a new id"
    )
    walk.step(loaded.metadata.last_column_id, 7, "last column id")
    row = {"note": "x", "id": 1, "price": "1.25", "number": 7, "ratio": 0.5, "added": None}
    walk.holds("evolved", [row])
    with table.update_schema() as update:
        update.set_identifier_fields("id")
    walk.step(walk.fresh("evolved").schema().identifier_field_ids, [1], "identifier fields")
    with table.update_schema() as update:
        wider = pa.schema(
            [pa.field("id", pa.int64(), nullable=False), pa.field("later", pa.date32())]
        )
        update.union_by_name(wider)
    table.append(pa.Table.from_pylist([{"id": 2, "later": date(2024, 2, 29)}], schema=wider))
    second = {**{name: None for name in row}, "id": 2, "later": "2024-02-29"}
    loaded = walk.holds("evolved", [{**row, "later": None}, second])
    walk.step(
        [s.schema_id for s in loaded.snapshots()],
        [0, loaded.schema().schema_id],
        "schemas of snapshots",
    )
    first_id = loaded.snapshots()[0].snapshot_id
    walk.step(
        loaded.scan(snapshot_id=first_id).to_arrow().column_names,
        ["id", "count", "ratio", "price", "note"],
        "an old snapshot is read by its own schema",
    )
    walk.step(
        [s.schema_id for s in loaded.schemas().values()],
        list(range(len(loaded.schemas()))),
        "schema ids",
    )


def nested(walk: Walk) -> None:
    """Columns below structs, lists and maps."""
    point = StructType(NestedField(3, "x", DoubleType()))
    table = walk.catalog.create_table(
        walk.name("deep"),
        Schema(
            NestedField(1, "id", LongType(), required=True),
            NestedField(2, "point", point),
            NestedField(
                4, "points", ListType(5, StructType(NestedField(6, "x", IntegerType())), False)
            ),
            NestedField(
                7,
                "named",
                MapType(8, StringType(), 9, StructType(NestedField(10, "x", DoubleType())), False),
            ),
        ),
    )
    table.append(
        arrow(
            table,
            [{"id": 1, "point": {"x": 1.0}, "points": [{"x": 2}], "named": [("k", {"x": 3.0})]}],
        )
    )
    with table.update_schema() as update:
        update.add_column(("point", "y"), DoubleType())
        update.add_column(("points", "y"), StringType())
        update.add_column(("named", "y"), LongType())
        update.update_column(("points", "x"), LongType())
        update.add_column("extra", StructType(NestedField(1, "inner", StringType())))
    row = {
        "id": 1,
        "point": {"x": 1.0, "y": None},
        "points": [{"x": 2, "y": None}],
        "named": [["k", {"x": 3.0, "y": None}]],
        "extra": None,
    }
    loaded = walk.holds("deep", [row])
    walk.step(
        len(set(loaded.schema().field_ids)), loaded.metadata.last_column_id, "each id is used once"
    )
    with table.update_schema() as update:
        update.rename_column(("point", "x"), "east")
        update.delete_column(("points", "y"))
        update.move_first(("point", "y"))
    walk.holds("deep", [{**row, "point": {"y": None, "east": 1.0}, "points": [{"x": 2}]}])
    walk.left.pop("deep")


def spec(walk: Walk) -> None:
    """Partition fields come, go and are renamed; files of every spec are read."""
    shape = Schema(
        NestedField(1, "id", LongType(), required=True),
        NestedField(2, "city", StringType()),
        NestedField(3, "day", DateType()),
    )

    def rows(start: int, end: int) -> list:
        return [
            {"id": i, "city": "ABC"[i % 3] * 3, "day": date(2024, 1 + i % 12, 1)}
            for i in range(start, end)
        ]

    for version in ("1", "2"):
        name = f"respecced_v{version}"
        start = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "city"))
        table = walk.catalog.create_table(
            walk.name(name), shape, partition_spec=start, properties={"format-version": version}
        )
        table.append(arrow(table, rows(0, 6)))
        with table.update_spec() as update:
            update.add_field("day", MonthTransform(), "month")
            update.add_field("id", BucketTransform(4))
        table.append(arrow(table, rows(6, 12)))
        walk.holds(name, rows(0, 12))
        with table.update_spec() as update:
            update.remove_field("city")
        with table.update_spec() as update:
            update.rename_field("month", "of_month")
        table.append(arrow(table, rows(12, 18)))
        loaded = walk.holds(name, rows(0, 18))
        names = [(f.name, f.field_id) for f in loaded.spec().fields if str(f.transform) != "void"]
        walk.step(
            names, [("of_month", 1001), ("id_bucket_4", 1002)], "fields of the spec keep their ids"
        )
        walk.step(loaded.metadata.last_partition_id, 1002, "last partition id")
        walk.step(len(loaded.specs()), 4, "each spec once")
        if version == "1":
            # In version 1 a field that goes stays as a void one, and pyiceberg writes no rows by a
            # spec with two fields of one column.
            continue
        with table.update_spec() as update:
            update.add_field("city", TruncateTransform(2), "city_start")
        table.append(arrow(table, rows(18, 24)))
        loaded = walk.holds(name, rows(0, 24))
        walk.step(loaded.spec().fields[-1].field_id, 1003, "id of the field that came last")
        walk.holds(name, [r for r in rows(0, 24) if r["city"] == "BBB"], row_filter="city == 'BBB'")
        table.delete("city == 'AAA'")
        walk.holds(name, [r for r in rows(0, 24) if r["city"] != "AAA"])


def order(walk: Walk) -> None:
    """Sort orders: one comes, another follows, then an order that was there before, then none."""
    table = walk.catalog.create_table(walk.name("reordered"), SMALL)
    with table.update_sort_order() as update:
        update.asc("id", IdentityTransform()).desc("note", TruncateTransform(2))
    walk.step(walk.fresh("reordered").sort_order().order_id, 1, "first order")
    with table.update_sort_order() as update:
        update.desc("id", IdentityTransform())
    loaded = walk.fresh("reordered")
    walk.step(loaded.sort_order().order_id, 2, "second order")
    walk.step(
        [f.direction for f in loaded.sort_order().fields], [SortDirection.DESC], "its direction"
    )
    with table.update_sort_order() as update:
        update.asc("id", IdentityTransform()).desc("note", TruncateTransform(2))
    walk.step(walk.fresh("reordered").sort_order().order_id, 1, "the first order again")
    walk.step(sorted(walk.fresh("reordered").sort_orders()), [0, 1, 2], "each order once")


def version(walk: Walk) -> None:
    """A table of version 1 becomes one of version 2, and of version 3 where the client lets it."""
    table = walk.catalog.create_table(
        walk.name("upgraded"), SMALL, properties={"format-version": "1"}
    )
    row = {"id": 1, "count": 1, "ratio": 1.0, "price": None, "note": "n"}
    table.append(arrow(table, [row]))
    with table.transaction() as transaction:
        transaction.upgrade_table_version(2)
    loaded = walk.holds("upgraded", [row])
    walk.step((loaded.format_version, loaded.metadata.last_sequence_number), (2, 0), "version 2")
    table.append(arrow(table, [{**row, "id": 2}]))
    loaded = walk.holds("upgraded", [row, {**row, "id": 2}])
    walk.step(loaded.metadata.last_sequence_number, 1, "sequence numbers begin")
    walk.step(
        [s.sequence_number or 0 for s in loaded.snapshots()], [0, 1], "old snapshots have number 0"
    )
