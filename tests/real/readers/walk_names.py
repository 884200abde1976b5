"""Areas of pyiceberg's walk about names: namespaces, tables, staged tables, views."""

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType
from pyiceberg.view.metadata import SQLViewRepresentation, ViewRepresentation, ViewVersion

from walk import Walk, arrow, path_of

SMALL = Schema(
    NestedField(1, "id", LongType(), required=True), NestedField(2, "note", StringType())
)


def rows(start: int, end: int) -> list[dict]:
    return [{"id": number, "note": "n"} for number in range(start, end)]


def namespaces(walk: Walk) -> None:
    """Namespaces of several levels, with properties, and names that need care."""
    catalog, top = walk.catalog, walk.namespace
    deep = (top, "a", "b.c", "d/e ü")
    for length in range(2, len(deep) + 1):
        catalog.create_namespace(deep[:length], {"level": str(length), "comment": "“é”"})
    walk.step(catalog.list_namespaces(top), [(top, "a")], "children only")
    walk.step(catalog.list_namespaces(deep[:3]), [deep], "children of a name with a dot")
    walk.step(catalog.load_namespace_properties(deep)["level"], "4", "properties")
    summary = catalog.update_namespace_properties(
        deep, removals={"comment", "none"}, updates={"level": "5", "x": "y"}
    )
    walk.step(
        (summary.removed, sorted(summary.updated), summary.missing),
        (["comment"], ["level", "x"], ["none"]),
        "changes",
    )
    left = catalog.load_namespace_properties(deep)
    walk.step(
        {k: v for k, v in left.items() if k != "location"},
        {"level": "5", "x": "y"},
        "properties that are left",
    )
    names = ["plain", "with space", "with.dot", "with/slash", "ünï", "100%", "a+b", "q?&#", "it's"]
    for name in names:
        table = catalog.create_table((*deep, name), SMALL)
        table.append(arrow(table, rows(0, 1)))
    walk.step(
        sorted(catalog.list_tables(deep)), sorted((*deep, name) for name in names), "names as given"
    )
    for name in names:
        walk.step(
            catalog.load_table((*deep, name)).scan().to_arrow().num_rows, 1, f"rows of {name}"
        )
        walk.step(catalog.table_exists((*deep, name)), True, f"{name} exists")
    walk.error("NamespaceNotEmptyError", lambda: catalog.drop_namespace(deep))
    walk.error("NamespaceNotEmptyError", lambda: catalog.drop_namespace(deep[:2]))
    for name in names:
        catalog.drop_table((*deep, name))
    for length in range(len(deep), 1, -1):
        catalog.drop_namespace(deep[:length])
        walk.step(catalog.namespace_exists(deep[:length]), False, "namespace after its drop")
    walk.error("NoSuchNamespaceError", lambda: catalog.load_namespace_properties(deep[:2]))
    walk.error("NoSuchNamespaceError", lambda: catalog.list_tables(deep[:2]))
    walk.error("NoSuchNamespaceError", lambda: catalog.create_table((top, "none", "t"), SMALL))
    walk.error("NamespaceAlreadyExistsError", lambda: catalog.create_namespace(top))


def pages(walk: Walk) -> None:
    """Lists come whole, page by page."""
    paged = load_catalog("paged", **{**walk.properties, "rest-page-size": "3", "page-size": "3"})
    for number in range(10):
        walk.catalog.create_namespace((walk.namespace, f"n{number}"))
        walk.catalog.create_table((walk.namespace, f"t{number}"), SMALL)
    wanted = [(walk.namespace, f"t{number}") for number in range(10)]
    walk.step(sorted(paged.list_tables(walk.namespace)), wanted, "tables")
    wanted = [(walk.namespace, f"n{number}") for number in range(10)]
    walk.step(sorted(paged.list_namespaces(walk.namespace)), wanted, "namespaces")


def tables(walk: Walk) -> None:
    """Rename within and across namespaces, drop, purge, exists, and the errors for each."""
    catalog = walk.catalog
    other = (walk.namespace, "other")
    catalog.create_namespace(other)
    table = catalog.create_table(walk.name("one"), SMALL)
    table.append(arrow(table, rows(0, 3)))
    renamed = catalog.rename_table(walk.name("one"), walk.name("two"))
    walk.step(
        (renamed.name(), renamed.metadata.table_uuid),
        ((walk.namespace, "two"), table.metadata.table_uuid),
        "same",
    )
    walk.step([catalog.table_exists(walk.name(n)) for n in ("one", "two")], [False, True], "exists")
    walk.error("RESTError", lambda: table.append(arrow(table, rows(5, 6))))
    catalog.rename_table(walk.name("two"), (*other, "three"))
    moved = catalog.load_table((*other, "three"))
    moved.append(arrow(moved, rows(3, 4)))
    walk.step(
        catalog.load_table((*other, "three")).scan().to_arrow().num_rows, 4, "rows after two moves"
    )
    catalog.create_table(walk.name("one"), SMALL)
    walk.error(
        "TableAlreadyExistsError", lambda: catalog.rename_table(walk.name("one"), (*other, "three"))
    )
    walk.error(
        "NoSuchTableError", lambda: catalog.rename_table(walk.name("none"), walk.name("five"))
    )
    walk.error(
        "NoSuchNamespaceError",
        lambda: catalog.rename_table(walk.name("one"), ("nowhere", "five")),
    )
    walk.error("NoSuchTableError", lambda: catalog.drop_table(walk.name("none")))
    location = moved.metadata_location
    catalog.drop_table((*other, "three"))
    walk.error("NoSuchTableError", lambda: catalog.load_table((*other, "three")))
    walk.step(
        path_of(location).is_file() or path_of(catalog_head(moved)).is_file(),
        True,
        "a drop leaves the files",
    )
    _register(walk, catalog_head(moved))
    back = catalog.load_table(walk.name("back"))
    folder = path_of(back.location())
    walk.step(any(folder.rglob("*.parquet")), True, "data files before the purge")
    catalog.purge_table(walk.name("back"))
    walk.left.pop("back")
    walk.step(
        any(path for path in folder.rglob("*") if path.is_file()), False, "files after the purge"
    )
    stale = catalog.load_table(walk.name("one"))
    catalog.drop_table(walk.name("one"))
    catalog.create_table(walk.name("one"), SMALL)
    # pyiceberg loads the table again after the refusal, and sees another UUID itself.
    walk.error("ValueError", lambda: stale.append(arrow(stale, rows(0, 1))))
    walk.holds("one", [])


def catalog_head(table) -> str:
    """The newest metadata file of a table that the catalog may have forgotten."""
    folder = path_of(table.metadata_location).parent
    name = max(p.name for p in folder.glob("*.metadata.json"))
    return f"{table.metadata_location.rsplit('/', 1)[0]}/{name}"


def _register(walk: Walk, location: str) -> None:
    """A table that was dropped comes back by its metadata file."""
    catalog = walk.catalog
    catalog.register_table(walk.name("back"), location)
    walk.holds("back", rows(0, 4))
    walk.error(
        "TableAlreadyExistsError", lambda: catalog.register_table(walk.name("back"), location)
    )
    table = catalog.load_table(walk.name("back"))
    older = table.metadata.metadata_log[-1].metadata_file
    catalog.register_table(walk.name("back"), older, overwrite=True)
    walk.holds("back", rows(0, 3))
    table = catalog.load_table(walk.name("back"))
    table.append(arrow(table, rows(8, 9)))
    walk.holds("back", [*rows(0, 3), *rows(8, 9)])
    missing = location.replace(".metadata.json", "-none.metadata.json")
    walk.error(
        "RESTError",
        lambda: catalog.register_table(walk.name("x"), missing),
    )


def staged(walk: Walk) -> None:
    """Tables that come to be with their first rows, or not at all."""
    catalog = walk.catalog
    with catalog.create_table_transaction(
        walk.name("made"), SMALL, properties={"a": "1"}
    ) as transaction:
        walk.step(catalog.table_exists(walk.name("made")), False, "not there before its commit")
        with transaction.update_schema() as update:
            update.add_column("later", StringType())
        with transaction.update_spec() as update:
            update.add_identity("note")
        schema = pa.schema(
            [
                pa.field("id", pa.int64(), nullable=False),
                pa.field("note", pa.string()),
                pa.field("later", pa.string()),
            ]
        )
        data = [{"id": 1, "note": "a", "later": "x"}, {"id": 2, "note": "b", "later": None}]
        transaction.append(pa.Table.from_pylist(data, schema=schema))
        transaction.set_properties(b="2")
    loaded = walk.holds("made", data)
    walk.step(loaded.properties, {"a": "1", "b": "2"}, "properties")
    walk.step([f.name for f in loaded.spec().fields], ["note"], "partition spec")
    with catalog.create_table_transaction(walk.name("empty"), SMALL):
        pass
    walk.holds("empty", [])
    try:
        with catalog.create_table_transaction(walk.name("aborted"), SMALL):
            raise ValueError("no")
    except ValueError:
        pass
    walk.step(
        catalog.table_exists(walk.name("aborted")),
        False,
        "nothing is left of a transaction that failed",
    )
    first = catalog.create_table_transaction(walk.name("raced"), SMALL)
    second = catalog.create_table_transaction(walk.name("raced"), SMALL)
    first.commit_transaction()
    walk.error("CommitFailedException", second.commit_transaction)
    walk.error(
        "TableAlreadyExistsError",
        lambda: catalog.create_table_transaction(walk.name("raced"), SMALL),
    )


def views(walk: Walk) -> None:
    """Views are made, listed, loaded and dropped beside tables."""
    catalog = walk.catalog
    catalog.create_table(walk.name("base"), SMALL)
    version = ViewVersion(
        version_id=1,
        schema_id=0,
        summary={"engine-name": "walker"},
        representations=[
            ViewRepresentation(
                SQLViewRepresentation(type="sql", sql="SELECT id FROM base", dialect="spark")
            ),
            ViewRepresentation(
                SQLViewRepresentation(type="sql", sql="SELECT base.id FROM base", dialect="trino")
            ),
        ],
        default_namespace=[walk.namespace],
    )
    shape = Schema(NestedField(1, "id", LongType(), required=True))
    name = walk.name("seen")
    walk.step(catalog.view_exists(name), False, "before")
    view = catalog.create_view(name, shape, version, properties={"comment": "c"})
    walk.step(view.sql_for("spark").sql, "SELECT id FROM base", "representation")
    loaded = catalog.load_view(name)
    walk.step(
        (loaded.uuid(), loaded.properties, len(loaded.versions)),
        (view.uuid(), {"comment": "c"}, 1),
        "loaded",
    )
    walk.step(loaded.schema().column_names, ["id"], "schema")
    walk.step(loaded.sql_for("trino").sql, "SELECT base.id FROM base", "another dialect")
    walk.step([e.version_id for e in loaded.history()], [1], "version log")
    walk.step(catalog.list_views(walk.namespace), [(walk.namespace, "seen")], "list of views")
    walk.step(catalog.list_tables(walk.namespace), [(walk.namespace, "base")], "list of tables")
    walk.step(
        (catalog.view_exists(name), catalog.table_exists(name)), (True, False), "a view is no table"
    )
    walk.error("ViewAlreadyExistsError", lambda: catalog.create_view(name, shape, version))
    walk.error(
        "ViewAlreadyExistsError", lambda: catalog.create_view(walk.name("base"), shape, version)
    )
    walk.error("TableAlreadyExistsError", lambda: catalog.create_table(name, SMALL))
    walk.error("NoSuchTableError", lambda: catalog.load_table(name))
    walk.error("NamespaceNotEmptyError", lambda: catalog.drop_namespace(walk.namespace))
    walk.error("NoSuchViewError", lambda: catalog.load_view(walk.name("none")))
    catalog.drop_view(name)
    walk.step(
        (catalog.view_exists(name), catalog.list_views(walk.namespace)),
        (False, []),
        "after the drop",
    )
    walk.error("NoSuchViewError", lambda: catalog.drop_view(name))
