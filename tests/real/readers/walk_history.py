"""Areas of pyiceberg's walk about a table's history: refs, rollback, expiry, files, statistics."""

from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as parquet
from pyiceberg.catalog import load_catalog
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.statistics import BlobMetadata, StatisticsFile
from pyiceberg.types import LongType, NestedField, StringType

from walk import Walk, arrow, path_of

SMALL = Schema(
    NestedField(1, "id", LongType(), required=True), NestedField(2, "note", StringType())
)
FILE_SCHEMA = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("note", pa.string())])


def rows(start: int, end: int, note: str = "n") -> list[dict]:
    return [{"id": number, "note": note} for number in range(start, end)]


def with_snapshots(walk: Walk, name: str, count: int) -> Table:
    """A table with one row a snapshot: 0, 1, 2 …"""
    table = walk.catalog.create_table(walk.name(name), SMALL)
    for number in range(count):
        table.append(arrow(table, rows(number, number + 1)))
    return table


def refs(walk: Walk) -> None:
    """Branches and tags: made, read, appended to, fast-forwarded to, removed."""
    table = with_snapshots(walk, "branched", 3)
    ids = [s.snapshot_id for s in table.snapshots()]
    with table.manage_snapshots() as manage:
        manage.create_tag(ids[0], "first", max_ref_age_ms=86_400_000)
        manage.create_branch(
            ids[1],
            "audit",
            max_ref_age_ms=1_000_000,
            max_snapshot_age_ms=500_000,
            min_snapshots_to_keep=2,
        )
    loaded = walk.holds("branched", rows(0, 3))
    audit = loaded.refs()["audit"]
    walk.step(
        (
            audit.snapshot_id,
            audit.max_ref_age_ms,
            audit.max_snapshot_age_ms,
            audit.min_snapshots_to_keep,
        ),
        (ids[1], 1_000_000, 500_000, 2),
        "a branch with its retention",
    )
    walk.step(loaded.refs()["first"].max_ref_age_ms, 86_400_000, "a tag with its retention")
    walk.holds("branched", rows(0, 1), branch="first")
    walk.holds("branched", rows(0, 2), branch="audit")
    table = walk.fresh("branched")
    table.append(arrow(table, rows(10, 12)), branch="audit")
    table.delete("id == 0", branch="audit")
    walk.holds("branched", [*rows(1, 2), *rows(10, 12)], branch="audit")
    loaded = walk.holds("branched", rows(0, 3))
    walk.step(loaded.current_snapshot().snapshot_id, ids[2], "main stays where it is")
    walk.step([entry.snapshot_id for entry in loaded.history()], ids, "the snapshot log is main's")
    table.append(arrow(table, rows(20, 21)), branch="from_nothing")
    walk.holds("branched", rows(20, 21), branch="from_nothing")
    head = walk.fresh("branched").refs()["audit"].snapshot_id
    with table.manage_snapshots() as manage:
        manage.set_current_snapshot(ref_name="audit")
    walk.holds("branched", [*rows(1, 2), *rows(10, 12)])
    with table.manage_snapshots() as manage:
        manage.remove_tag("first").remove_branch("audit").remove_branch("from_nothing")
    loaded = walk.fresh("branched")
    walk.step(sorted(loaded.refs()), ["main"], "refs that are left")
    walk.step(loaded.current_snapshot().snapshot_id, head, "main after the branch is gone")


def rollback(walk: Walk) -> None:
    """Rollback by id and time, and forward again; the log keeps what happened."""
    table = with_snapshots(walk, "rolled", 4)
    ids = [s.snapshot_id for s in table.snapshots()]
    with table.manage_snapshots() as manage:
        manage.rollback_to_snapshot(ids[1])
    walk.holds("rolled", rows(0, 2))
    with table.manage_snapshots() as manage:
        manage.set_current_snapshot(snapshot_id=ids[3])
    walk.holds("rolled", rows(0, 4))
    walk.holds("rolled", rows(0, 3), snapshot_id=ids[2])
    with table.manage_snapshots() as manage:
        manage.rollback_to_timestamp(table.snapshot_by_id(ids[1]).timestamp_ms)
    walk.holds("rolled", rows(0, 1))
    logged = [entry.snapshot_id for entry in walk.fresh("rolled").history()]
    walk.step(logged, [*ids, ids[1], ids[3], ids[0]], "the snapshot log")
    table = walk.fresh("rolled")
    table.append(arrow(table, rows(9, 10)))
    loaded = walk.holds("rolled", [*rows(0, 1), *rows(9, 10)])
    walk.step(loaded.current_snapshot().sequence_number, 5, "sequence numbers never go back")
    walk.step(loaded.current_snapshot().parent_snapshot_id, ids[0], "parent after a rollback")


def partial(walk: Walk) -> None:
    """A client that loads only the snapshots that refs name commits, and no other one is lost."""
    table = with_snapshots(walk, "glimpsed", 4)
    with table.manage_snapshots() as manage:
        manage.create_tag(table.snapshots()[0].snapshot_id, "first")
    refs_only = load_catalog("refs", **walk.properties, **{"snapshot-loading-mode": "refs"})
    seen = refs_only.load_table(walk.name("glimpsed"))
    walk.step(len(seen.snapshots()), 2, "snapshots that refs name")
    seen.append(arrow(seen, rows(4, 5)))
    loaded = walk.holds("glimpsed", rows(0, 5))
    walk.step(len(loaded.snapshots()), 5, "snapshots")
    walk.step(len(loaded.history()), 5, "entries of the snapshot log")


def expiry(walk: Walk) -> None:
    """Snapshots are expired by id and by age; heads of branches and tags stay."""
    table = with_snapshots(walk, "expired", 5)
    ids = [s.snapshot_id for s in table.snapshots()]
    with table.manage_snapshots() as manage:
        manage.create_tag(ids[2], "kept")
    table = walk.fresh("expired")
    table.maintenance.expire_snapshots().by_ids([ids[0]]).commit()
    loaded = walk.holds("expired", rows(0, 5))
    walk.step([s.snapshot_id for s in loaded.snapshots()], ids[1:], "one is expired")
    walk.step([e.snapshot_id for e in loaded.history()], ids[1:], "so is its entry in the log")
    later = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(days=1)
    loaded.maintenance.expire_snapshots().older_than(later).commit()
    loaded = walk.holds("expired", rows(0, 5))
    walk.step([s.snapshot_id for s in loaded.snapshots()], [ids[2], ids[4]], "head and tag stay")
    walk.holds("expired", rows(0, 3), branch="kept")
    walk.step(
        [e.snapshot_id for e in loaded.history()], [ids[4]], "the log begins after what is gone"
    )
    table = walk.fresh("expired")
    table.append(arrow(table, rows(7, 8)))
    walk.holds("expired", [*rows(0, 5), *rows(7, 8)])


def files(walk: Walk) -> None:
    """Files that others wrote are added, to a branch too; none twice."""
    table = walk.catalog.create_table(walk.name("added"), SMALL)
    table.append(arrow(table, rows(0, 2)))
    paths = []
    for number in (1, 2, 3):
        path = path_of(table.location()) / "data" / f"foreign-{number}.parquet"
        parquet.write_table(
            pa.Table.from_pylist(rows(number * 10, number * 10 + 2), schema=FILE_SCHEMA), path
        )
        paths.append(f"{table.location()}/data/{path.name}")
    table.add_files(paths[:2], snapshot_properties={"from": "elsewhere"})
    loaded = walk.holds("added", [*rows(0, 2), *rows(10, 12), *rows(20, 22)])
    walk.step("schema.name-mapping.default" in loaded.properties, True, "a name mapping is set")
    walk.step(loaded.current_snapshot().summary["added-data-files"], "2", "added files")
    walk.error("ValueError", lambda: table.add_files(paths[:1]))
    with table.manage_snapshots() as manage:
        manage.create_branch(walk.fresh("added").current_snapshot().snapshot_id, "more")
    table = walk.fresh("added")
    table.add_files(paths[2:], branch="more")
    walk.holds("added", [*rows(0, 2), *rows(10, 12), *rows(20, 22)])
    walk.holds("added", [*rows(0, 2), *rows(10, 12), *rows(20, 22), *rows(30, 32)], branch="more")


def statistics(walk: Walk) -> None:
    """Statistics files are set, replaced and removed, and go with their snapshot."""
    table = with_snapshots(walk, "counted", 3)
    ids = [s.snapshot_id for s in table.snapshots()]

    def file(snapshot_id: int, size: int) -> StatisticsFile:
        blob = BlobMetadata(
            type="apache-datasketches-theta-v1",
            snapshot_id=snapshot_id,
            sequence_number=1,
            fields=[1],
            properties={"ndv": "3"},
        )
        return StatisticsFile(
            snapshot_id=snapshot_id,
            statistics_path=f"{table.location()}/metadata/stats-{snapshot_id}-{size}.puffin",
            file_size_in_bytes=size,
            file_footer_size_in_bytes=42,
            blob_metadata=[blob],
        )

    with table.update_statistics() as update:
        update.set_statistics(file(ids[0], 413)).set_statistics(file(ids[2], 414))
    loaded = walk.holds("counted", rows(0, 3))
    walk.step(loaded.metadata.statistics, [file(ids[0], 413), file(ids[2], 414)], "statistics")
    with table.update_statistics() as update:
        update.set_statistics(file(ids[2], 500))
    walk.step(
        walk.fresh("counted").metadata.statistics,
        [file(ids[0], 413), file(ids[2], 500)],
        "replaced",
    )
    with table.update_statistics() as update:
        update.remove_statistics(ids[2])
    walk.step(walk.fresh("counted").metadata.statistics, [file(ids[0], 413)], "removed")
    walk.fresh("counted").maintenance.expire_snapshots().by_id(ids[0]).commit()
    walk.step(walk.fresh("counted").metadata.statistics, [], "gone with its snapshot")


def properties(walk: Walk) -> None:
    """Properties of a table are set, replaced and removed, and rule the metadata log."""
    limits = {
        "write.metadata.previous-versions-max": "3",
        "write.metadata.delete-after-commit.enabled": "true",
    }
    table = walk.catalog.create_table(
        walk.name("described"), SMALL, properties={"a": "1", **limits}
    )
    with table.transaction() as transaction:
        transaction.set_properties({"b": "2", "a": "0", "with.dots-and ünïcode": "“x”\n"})
    walk.step(
        walk.fresh("described").properties,
        {"a": "0", "b": "2", "with.dots-and ünïcode": "“x”\n", **limits},
        "set and replaced",
    )
    with table.transaction() as transaction:
        transaction.remove_properties("a", "with.dots-and ünïcode")
    walk.step(walk.fresh("described").properties, {"b": "2", **limits}, "removed")
    for number in range(5):
        table.append(arrow(table, rows(number, number + 1)))
    loaded = walk.holds("described", rows(0, 5))
    log = loaded.metadata.metadata_log
    walk.step(len(log), 3, "length of the metadata log")
    left = sorted(p.name for p in path_of(loaded.location()).glob("metadata/*.metadata.json"))
    named = sorted(path_of(e.metadata_file).name for e in log) + [
        path_of(loaded.metadata_location).name
    ]
    walk.step(left, sorted(named), "older metadata files are deleted")


def compressed(walk: Walk) -> None:
    """Metadata files in gzip and in another folder, which are read without the catalog too."""
    from pyiceberg.table import StaticTable

    properties = {"write.metadata.compression-codec": "gzip"}
    table = walk.catalog.create_table(walk.name("packed"), SMALL, properties=properties)
    table.append(arrow(table, rows(0, 2)))
    loaded = walk.holds("packed", rows(0, 2))
    walk.step(
        loaded.metadata_location.endswith(".gz.metadata.json"), True, loaded.metadata_location
    )
    walk.step(path_of(loaded.metadata_location).read_bytes()[:2], b"\x1f\x8b", "gzip's magic bytes")
    static = StaticTable.from_metadata(loaded.metadata_location)
    walk.step(static.scan().to_arrow().num_rows, 2, "rows without the catalog")
    elsewhere = f"{table.location()}/described"
    with table.transaction() as transaction:
        transaction.set_properties(
            {"write.metadata.path": elsewhere, "write.metadata.compression-codec": "none"}
        )
    table.append(arrow(table, rows(2, 3)))
    loaded = walk.holds("packed", rows(0, 3))
    walk.step(loaded.metadata_location.startswith(elsewhere + "/"), True, loaded.metadata_location)
    walk.step(path_of(loaded.metadata_location).read_bytes()[:1], b"{", "plain JSON again")
