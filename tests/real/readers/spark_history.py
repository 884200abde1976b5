"""Areas of Spark's walk about the history of tables: time travel, refs, procedures, upkeep."""

from spark_session import SparkWalk


def ids(*numbers: int) -> list[dict]:
    return [{"id": number} for number in numbers]


def with_snapshots(walk: SparkWalk, table: str, count: int) -> list[int]:
    """A table with one row a snapshot: 0, 1, 2 … Gives the ids of the snapshots."""
    walk.sql(f"CREATE TABLE {walk.name(table)} (id BIGINT) USING iceberg")
    for number in range(count):
        walk.sql(f"INSERT INTO {walk.name(table)} VALUES ({number})")
    return walk.snapshots(table)


def travel(walk: SparkWalk) -> None:
    """VERSION AS OF, TIMESTAMP AS OF, incremental reads, the metadata tables."""
    first, second, third = with_snapshots(walk, "travelled", 3)
    name = walk.name("travelled")
    walk.holds("travelled", ids(0, 1, 2))
    walk.holds("travelled", ids(0), f" VERSION AS OF {first}")
    at = walk.value(
        f"SELECT CAST(committed_at AS STRING) FROM {name}.snapshots WHERE snapshot_id = {second}"
    )
    walk.holds("travelled", ids(0, 1), f" TIMESTAMP AS OF '{at}'")
    read = (
        walk.spark.read.format("iceberg")
        .option("start-snapshot-id", first)
        .option("end-snapshot-id", third)
    )
    walk.step(
        sorted(row["id"] for row in read.load(name).collect()), [1, 2], "rows between two snapshots"
    )
    walk.step(
        walk.column(f"SELECT snapshot_id FROM {name}.history"), [first, second, third], "history"
    )
    log = walk.sql(f"SELECT file, latest_snapshot_id FROM {name}.metadata_log_entries")
    walk.step(
        [entry["latest_snapshot_id"] for entry in log], [None, first, second, third], "metadata log"
    )
    for kind, count in {
        "manifests": 3,
        "files": 3,
        "partitions": 1,
        "refs": 1,
        "all_data_files": 3,
    }.items():
        seen = walk.value(f"SELECT count(*) FROM {name}.{kind}")
        walk.step(seen, count, f"rows of {kind}")


def refs(walk: SparkWalk) -> None:
    """Branches and tags by SQL, writes to a branch, fast-forward, write-audit-publish."""
    first, second = with_snapshots(walk, "branched", 2)
    name = walk.name("branched")
    walk.sql(f"ALTER TABLE {name} CREATE TAG old AS OF VERSION {first} RETAIN 7 DAYS")
    walk.sql(
        f"ALTER TABLE {name} CREATE BRANCH audit AS OF VERSION {second} RETAIN 7 DAYS "
        "WITH SNAPSHOT RETENTION 2 SNAPSHOTS"
    )
    walk.sql(f"INSERT INTO {name}.branch_audit VALUES (10)")
    walk.holds("branched", ids(0, 1))
    walk.holds("branched", ids(0, 1, 10), ".branch_audit")
    walk.holds("branched", ids(0), " VERSION AS OF 'old'")
    kept = walk.sql(
        "SELECT name, type, max_reference_age_in_ms AS age, min_snapshots_to_keep AS count "
        f"FROM {name}.refs ORDER BY name"
    )
    week = 7 * 86_400_000
    walk.step(
        [tuple(row.values()) for row in kept],
        [("audit", "BRANCH", week, 2), ("main", "BRANCH", None, None), ("old", "TAG", week, None)],
        "refs",
    )
    walk.sql(f"CALL lake.system.fast_forward('{name}', 'main', 'audit')")
    walk.holds("branched", ids(0, 1, 10))
    walk.sql(f"ALTER TABLE {name} REPLACE TAG old AS OF VERSION {second}")
    walk.holds("branched", ids(0, 1), " VERSION AS OF 'old'")
    walk.sql(f"ALTER TABLE {name} DROP TAG old")
    walk.sql(f"ALTER TABLE {name} DROP BRANCH audit")
    walk.step(walk.column(f"SELECT name FROM {name}.refs"), ["main"], "refs that are left")
    _publish(walk, name)


def _publish(walk: SparkWalk, name: str) -> None:
    walk.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('write.wap.enabled' = 'true')")
    walk.spark.conf.set("spark.wap.id", "audit-1")
    walk.sql(f"INSERT INTO {name} VALUES (20)")
    walk.spark.conf.unset("spark.wap.id")
    walk.holds("branched", ids(0, 1, 10))
    walk.sql(f"CALL lake.system.publish_changes('{name}', 'audit-1')")
    walk.holds("branched", ids(0, 1, 10, 20))


def procedures(walk: SparkWalk) -> None:
    """Rollbacks, set_current_snapshot, cherrypick_snapshot, register_table, add_files."""
    first, second, third = with_snapshots(walk, "called", 3)
    name = walk.name("called")
    call = "CALL lake.system"
    walk.sql(f"{call}.rollback_to_snapshot('{name}', {first})")
    walk.holds("called", ids(0))
    walk.sql(f"{call}.set_current_snapshot('{name}', {third})")
    walk.holds("called", ids(0, 1, 2))
    at = walk.value(
        f"SELECT CAST(committed_at AS STRING) FROM {name}.snapshots WHERE snapshot_id = {third}"
    )
    walk.sql(f"{call}.rollback_to_timestamp('{name}', TIMESTAMP '{at}')")
    walk.holds("called", ids(0, 1))
    walk.sql(f"{call}.rollback_to_snapshot('{name}', {first})")
    walk.sql(f"{call}.cherrypick_snapshot('{name}', {third})")
    walk.holds("called", ids(0, 2))
    file = walk.value(
        f"SELECT file FROM {name}.metadata_log_entries ORDER BY timestamp DESC, file DESC LIMIT 1"
    )
    walk.sql(f"{call}.register_table('{walk.name('registered')}', '{file}')")
    walk.holds("registered", ids(0, 2))
    folder = f"{walk.folder}/foreign"
    walk.spark.range(5, 7).coalesce(1).write.parquet(folder)
    walk.sql(f"{call}.add_files(table => '{name}', source_table => '`parquet`.`{folder}`')")
    walk.holds("called", ids(0, 2, 5, 6))
    walk.left.pop("called")
    walk.sql(f"DELETE FROM {name} WHERE id IN (5, 6)")
    walk.holds("called", ids(0, 2))


def upkeep(walk: SparkWalk) -> None:
    """Manifests, data files and delete files are rewritten, snapshots expired, values counted."""
    snapshots = with_snapshots(walk, "kept", 5)
    name = walk.name("kept")
    call = "CALL lake.system"
    walk.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('write.delete.mode' = 'merge-on-read')")
    walk.sql(f"ALTER TABLE {name} CREATE TAG first AS OF VERSION {snapshots[0]}")
    manifests = walk.sql(f"{call}.rewrite_manifests('{name}')")[0]
    walk.step(
        (manifests["rewritten_manifests_count"], manifests["added_manifests_count"]),
        (5, 1),
        "manifests",
    )
    files = walk.sql(
        f"{call}.rewrite_data_files(table => '{name}', options => map('min-input-files', '2'))"
    )[0]
    walk.step(
        (files["rewritten_data_files_count"], files["added_data_files_count"]), (5, 1), "data files"
    )
    walk.holds("kept", ids(0, 1, 2, 3, 4))
    walk.sql(f"DELETE FROM {name} WHERE id = 2")
    walk.sql(f"DELETE FROM {name} WHERE id = 3")
    walk.sql(
        f"{call}.rewrite_position_delete_files(table => '{name}', "
        "options => map('rewrite-all', 'true'))"
    )
    walk.holds("kept", ids(0, 1, 4))
    statistics = walk.value(f"{call}.compute_table_stats('{name}')")
    walk.step(str(statistics).endswith(".stats"), True, f"statistics file {statistics}")
    walk.sql(
        f"{call}.expire_snapshots(table => '{name}', "
        "older_than => TIMESTAMP '2200-01-01 00:00:00', retain_last => 1)"
    )
    left = walk.snapshots("kept")
    walk.step((len(left), left[0]), (2, snapshots[0]), "the tag's snapshot and the head are left")
    walk.holds("kept", ids(0, 1, 4))
    walk.holds("kept", ids(0), " VERSION AS OF 'first'")
    orphans = walk.sql(f"{call}.remove_orphan_files(table => '{name}', dry_run => true)")
    walk.step(orphans, [], "no orphans of a day ago")
    walk.sql(f"INSERT INTO {name} VALUES (9)")
    walk.holds("kept", ids(0, 1, 4, 9))
