"""Areas of Spark's walk about rows and about the shape of tables."""

from spark_session import SparkWalk


def pairs(*ids: int) -> list[dict]:
    return [{"id": number, "part": number % 3} for number in ids]


def rows(walk: SparkWalk) -> None:
    """CREATE TABLE AS, INSERT, INSERT OVERWRITE, UPDATE, DELETE, MERGE by copy on write."""
    name = walk.name("plain")
    walk.sql(
        f"CREATE TABLE {name} USING iceberg PARTITIONED BY (part) "
        "AS SELECT id, id % 3 AS part FROM range(6)"
    )
    walk.holds("plain", pairs(0, 1, 2, 3, 4, 5))
    walk.sql(f"INSERT INTO {name} VALUES (6, 0), (7, 1)")
    walk.sql(f"DELETE FROM {name} WHERE id = 1")
    walk.sql(f"DELETE FROM {name} WHERE part = 2")
    walk.holds("plain", pairs(0, 3, 4, 6, 7))
    walk.sql(f"UPDATE {name} SET id = id + 30 WHERE id > 5")
    walk.holds("plain", pairs(0, 3, 4, 36, 37))
    _merge(walk, name)
    walk.holds("plain", [*pairs(0, 4, 37, 90), {"id": 36, "part": 5}])
    walk.sql(f"INSERT OVERWRITE {name} SELECT id, id % 3 FROM range(100, 102)")
    walk.holds("plain", pairs(100, 101))


def _merge(walk: SparkWalk, name: str) -> None:
    walk.sql(
        f"MERGE INTO {name} t USING (SELECT * FROM VALUES (36, 5), (3, 0), (90, 0) s(id, part)) s "
        "ON t.id = s.id "
        "WHEN MATCHED AND s.id = 3 THEN DELETE WHEN MATCHED THEN UPDATE SET t.part = s.part "
        "WHEN NOT MATCHED THEN INSERT *"
    )


def deletes(walk: SparkWalk) -> None:
    """The same by delete files (version 2) and deletion vectors (version 3)."""
    for version, content in ((2, "PARQUET"), (3, "PUFFIN")):
        table = f"merged_v{version}"
        name = walk.name(table)
        modes = ", ".join(
            f"'write.{verb}.mode' = 'merge-on-read'" for verb in ("delete", "update", "merge")
        )
        walk.sql(
            f"CREATE TABLE {name} (id BIGINT, part BIGINT) USING iceberg "
            f"TBLPROPERTIES ('format-version' = '{version}', {modes})"
        )
        walk.sql(f"INSERT INTO {name} SELECT /*+ COALESCE(1) */ id, id % 3 FROM range(8)")
        walk.sql(f"DELETE FROM {name} WHERE id IN (1, 2, 5)")
        walk.sql(f"UPDATE {name} SET id = id + 30 WHERE id > 5")
        walk.holds(table, pairs(0, 3, 4, 36, 37))
        formats = walk.column(f"SELECT DISTINCT file_format FROM {name}.delete_files")
        walk.step(formats, [content], "format of the delete files")
        _merge(walk, name)
        walk.holds(table, [*pairs(0, 4, 37, 90), {"id": 36, "part": 5}])
    lineage = walk.sql(
        f"SELECT id, _row_id, _last_updated_sequence_number AS number FROM {walk.name('merged_v3')}"
    )
    walk.step(len({row["_row_id"] for row in lineage}), 5, "row ids are unique")
    first = [(row["_row_id"], row["number"]) for row in lineage if row["id"] == 0]
    walk.step(first, [(0, 1)], "a row that stays keeps its id and number")
    moved = [(row["_row_id"], row["number"] > 1) for row in lineage if row["id"] == 37]
    walk.step(moved, [(7, True)], "a row that changes keeps its id")


def replace(walk: SparkWalk) -> None:
    """CREATE OR REPLACE TABLE: another schema and spec, the same table, its history kept."""
    name = walk.name("replaced")
    walk.sql(
        f"CREATE TABLE {name} USING iceberg TBLPROPERTIES ('a' = '1') "
        "AS SELECT id, 'x' AS note FROM range(3)"
    )
    before = walk.snapshots("replaced")
    walk.sql(
        f"CREATE OR REPLACE TABLE {name} USING iceberg PARTITIONED BY (bucket(4, id)) "
        "TBLPROPERTIES ('b' = '2') "
        "AS SELECT id, id * 2 AS twice FROM range(4)"
    )
    walk.holds("replaced", [{"id": i, "twice": i * 2} for i in range(4)])
    after = walk.snapshots("replaced")
    walk.step((len(after), after[0]), (2, before[0]), "snapshots of before are kept")
    walk.holds(
        "replaced", [{"id": i, "note": "x"} for i in range(3)], f" VERSION AS OF {before[0]}"
    )
    walk.sql(f"REPLACE TABLE {name} (only STRING) USING iceberg")
    walk.holds("replaced", [])
    walk.sql(f"INSERT INTO {name} VALUES ('first')")
    walk.holds("replaced", [{"only": "first"}])
    walk.step(len(walk.snapshots("replaced")), 3, "snapshots of before are kept")
    walk.sql(f"CREATE TABLE IF NOT EXISTS {name} (id BIGINT) USING iceberg")
    walk.error(
        "AnalysisException", lambda: walk.sql(f"CREATE TABLE {name} (id BIGINT) USING iceberg")
    )


def shape(walk: SparkWalk) -> None:
    """ALTER TABLE: columns, nested ones too; identifier fields, properties, the format version."""
    name = walk.name("shaped")
    walk.sql(
        f"CREATE TABLE {name} (id BIGINT NOT NULL COMMENT 'key', small INT, ratio FLOAT, "
        "price DECIMAL(6, 2), "
        "point STRUCT<x: INT>, tags ARRAY<STRING>, named MAP<STRING, INT>) USING iceberg "
        "TBLPROPERTIES ('format-version' = '1', 'note' = 'spark')"
    )
    walk.sql(f"INSERT INTO {name} VALUES (1, 2, 0.5, 1.25, struct(3), array('a'), map('k', 4))")
    for change in (
        "ALTER COLUMN small TYPE BIGINT",
        "ALTER COLUMN ratio TYPE DOUBLE",
        "ALTER COLUMN price TYPE DECIMAL(12, 2)",
        "ADD COLUMNS (point.y STRING COMMENT 'below', later DATE AFTER id)",
        "RENAME COLUMN small TO large",
        "ALTER COLUMN large FIRST",
        "ALTER COLUMN id COMMENT 'changed'",
        "DROP COLUMN tags",
        "SET IDENTIFIER FIELDS id",
        "SET TBLPROPERTIES ('format-version' = '2', 'b' = '2')",
        "UNSET TBLPROPERTIES ('note')",
    ):
        walk.sql(f"ALTER TABLE {name} {change}")
    row = {"large": 2, "id": 1, "later": None, "ratio": 0.5, "price": "1.25"}
    row |= {"point": {"x": 3, "y": None}, "named": {"k": 4}}
    walk.holds("shaped", [row])
    walk.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('format-version' = '3')")
    walk.sql(f"INSERT INTO {name} VALUES (NULL, 2, DATE '2024-02-29', NULL, NULL, NULL, NULL)")
    second = {**{key: None for key in row}, "id": 2, "later": "2024-02-29"}
    walk.holds("shaped", [row, second])
    walk.left.pop("shaped")
    walk.sql(f"ALTER TABLE {name} DROP COLUMN point")
    walk.sql(f"ALTER TABLE {name} DROP COLUMN named")
    for gone in ("point", "named"):
        row.pop(gone)
        second.pop(gone)
    walk.holds("shaped", [row, second])
    properties = {r["key"]: r["value"] for r in walk.sql(f"SHOW TBLPROPERTIES {name}")}
    found = (properties["format-version"], properties["b"], "note" in properties)
    walk.step(found, ("3", "2", False), "properties")
    walk.error(
        "SparkException",
        lambda: walk.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('format-version' = '2')"),
    )


def parts(walk: SparkWalk) -> None:
    """Partition fields are added, replaced and dropped; the write order is set."""
    name = walk.name("parted")
    walk.sql(
        f"CREATE TABLE {name} (id BIGINT, city STRING, at TIMESTAMP_NTZ) USING iceberg "
        "PARTITIONED BY (city)"
    )
    row = "({0}, '{1}', TIMESTAMP_NTZ '2024-0{2}-01 00:00:00')"
    wanted: list[dict] = []

    def insert(number: int) -> None:
        city, month = "ABC"[number % 3] * 2, 1 + number % 9
        walk.sql(f"INSERT INTO {name} VALUES {row.format(number, city, month)}")
        wanted.append({"id": number, "city": city, "at": f"2024-0{month}-01 00:00:00"})

    changes = (
        "ADD PARTITION FIELD month(at)",
        "ADD PARTITION FIELD bucket(4, id) AS shard",
        "REPLACE PARTITION FIELD at_month WITH day(at)",
        "DROP PARTITION FIELD city",
        "WRITE ORDERED BY city DESC NULLS LAST, bucket(4, id)",
        "WRITE DISTRIBUTED BY PARTITION LOCALLY ORDERED BY id",
        "WRITE UNORDERED",
        "ADD PARTITION FIELD truncate(1, city)",
    )
    insert(0)
    for number, change in enumerate(changes, start=1):
        walk.sql(f"ALTER TABLE {name} {change}")
        insert(number)
    walk.holds("parted", wanted)
    walk.holds("parted", [r for r in wanted if r["city"] == "BB"], " WHERE city = 'BB'")
    specs = walk.column(f"SELECT DISTINCT spec_id FROM {name}.files ORDER BY spec_id")
    walk.step(specs, [0, 1, 2, 3, 4, 5], "files of each spec")
    walk.sql(f"DELETE FROM {name} WHERE city = 'CC'")
    walk.holds("parted", [r for r in wanted if r["city"] != "CC"])
