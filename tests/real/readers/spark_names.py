"""Areas of Spark's walk about names: namespaces, rename, drop, views."""

from spark_session import SparkWalk


def names(walk: SparkWalk) -> None:
    """Nested namespaces with properties, SHOW, rename across namespaces, drop and purge."""
    deep = f"{walk.namespace}.a.`b.c`"
    walk.sql(f"CREATE NAMESPACE {walk.namespace}.a")
    walk.sql(f"CREATE NAMESPACE {deep} COMMENT 'deep' WITH PROPERTIES ('k' = 'v')")
    walk.sql(f"CREATE NAMESPACE IF NOT EXISTS {deep}")
    walk.step(
        walk.column(f"SHOW NAMESPACES IN {walk.namespace}.a"),
        [f"{walk.namespace}.a.`b.c`"],
        "namespaces",
    )
    walk.sql(f"ALTER NAMESPACE {deep} SET PROPERTIES ('k' = 'w')")
    described = str(walk.sql(f"DESCRIBE NAMESPACE EXTENDED {deep}"))
    walk.step(("deep" in described, "(k,w)" in described), (True, True), described)
    walk.sql(f"CREATE TABLE {deep}.one USING iceberg AS SELECT 1 AS id")
    walk.sql(f"ALTER TABLE {deep}.one RENAME TO {walk.namespace}.two")
    walk.step(walk.column(f"SELECT id FROM {walk.name('two')}"), [1], "rows after the rename")
    walk.step(
        [row["tableName"] for row in walk.sql(f"SHOW TABLES IN {walk.namespace}")],
        ["two"],
        "tables",
    )
    walk.sql(f"DROP NAMESPACE {deep}")
    walk.error("NamespaceNotEmptyException", lambda: walk.sql(f"DROP NAMESPACE {walk.namespace}"))
    walk.sql(f"DROP TABLE {walk.name('two')} PURGE")
    walk.error("AnalysisException", lambda: walk.sql(f"SELECT * FROM {walk.name('two')}"))
    walk.error("AnalysisException", lambda: walk.sql(f"DROP TABLE {walk.name('two')}"))
    walk.sql(f"DROP TABLE IF EXISTS {walk.name('two')}")
    walk.error(
        "NoSuchNamespaceException",
        lambda: walk.sql("CREATE TABLE nowhere.t (id INT) USING iceberg"),
    )


def views(walk: SparkWalk) -> None:
    """CREATE, REPLACE, ALTER, SHOW, rename and DROP of views, which read tables and views."""
    walk.sql(
        f"CREATE TABLE {walk.name('base')} USING iceberg "
        "AS SELECT id, id * id AS square FROM range(5)"
    )
    name = walk.name("seen")
    walk.sql(
        f"CREATE VIEW {name} (number COMMENT 'n') COMMENT 'evens' "
        f"AS SELECT id FROM {walk.name('base')} WHERE id % 2 = 0"
    )
    walk.step(walk.column(f"SELECT number FROM {name} ORDER BY 1"), [0, 2, 4], "rows of the view")
    walk.error("AnalysisException", lambda: walk.sql(f"CREATE VIEW {name} AS SELECT 1 AS x"))
    walk.error("AnalysisException", lambda: walk.sql(f"CREATE TABLE {name} (id INT) USING iceberg"))
    walk.sql(f"CREATE VIEW IF NOT EXISTS {name} AS SELECT 1 AS x")
    walk.sql(
        f"CREATE OR REPLACE VIEW {name} AS SELECT square FROM {walk.name('base')} WHERE id > 2"
    )
    walk.step(
        walk.column(f"SELECT * FROM {name} ORDER BY 1"),
        [9, 16],
        "rows of the view that replaced it",
    )
    walk.sql(f"ALTER VIEW {name} SET TBLPROPERTIES ('owner.note' = 'x', 'b' = '2')")
    walk.sql(f"ALTER VIEW {name} UNSET TBLPROPERTIES ('b')")
    properties = {row["key"]: row["value"] for row in walk.sql(f"SHOW TBLPROPERTIES {name}")}
    walk.step((properties.get("owner.note"), "b" in properties), ("x", False), "properties")
    walk.sql(f"CREATE VIEW {walk.name('upon')} AS SELECT max(square) AS top FROM {name}")
    walk.step(walk.value(f"SELECT top FROM {walk.name('upon')}"), 16, "a view upon a view")
    shown = sorted(row["viewName"] for row in walk.sql(f"SHOW VIEWS IN {walk.namespace}"))
    walk.step(shown, ["seen", "upon"], "views")
    walk.step(
        [
            row["tableName"]
            for row in walk.sql(f"SHOW TABLES IN {walk.namespace}")
            if row["tableName"] == "base"
        ],
        ["base"],
        "tables",
    )
    walk.sql(f"ALTER VIEW {walk.name('upon')} RENAME TO {walk.name('above')}")
    walk.step(walk.value(f"SELECT top FROM {walk.name('above')}"), 16, "a renamed view")
    walk.sql(f"DROP VIEW {walk.name('above')}")
    walk.sql(f"DROP VIEW IF EXISTS {walk.name('above')}")
    walk.error("AnalysisException", lambda: walk.sql(f"SELECT * FROM {walk.name('above')}"))
    walk.holds("base", [{"id": i, "square": i * i} for i in range(5)])
