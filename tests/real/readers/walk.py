"""Areas in which pyiceberg compares what tables hold; see steps.py."""

from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.table import Table

from steps import Row, Steps, run_areas, sorted_rows


def path_of(location: str) -> Path:
    """The path behind a location of local files."""
    return Path(url2pathname(urlparse(location).path))


class Walk(Steps):
    """An area with a catalog of its own."""

    def __init__(self, request: dict, namespace: str):
        super().__init__(namespace)
        self.properties: dict[str, str] = request["catalog"]
        self.catalog: Catalog = load_catalog("walker", **self.properties)
        self.catalog.create_namespace(namespace)

    def fresh(self, table: str) -> Table:
        """The table as another client would load it now."""
        return load_catalog("other", **self.properties).load_table(self.name(table))

    def holds(self, table: str, rows: Iterable[Row], **scan: object) -> Table:
        """Asserts that a fresh load of the table holds exactly these rows."""
        loaded = self.fresh(table)
        wanted = sorted_rows(rows)
        if "branch" in scan:
            read = loaded.scan().use_ref(str(scan["branch"])).to_arrow()
        else:
            read = loaded.scan(**scan).to_arrow()
            if not scan:
                self.left[table] = wanted
        self.step(sorted_rows(read.to_pylist()), wanted, f"rows of {table} {scan}")
        return loaded


def arrow(table: Table, rows: list[Row]) -> pa.Table:
    """Rows in the table's schema; columns that a row lacks are null."""
    return pa.Table.from_pylist(rows, schema=table.schema().as_arrow())


def main(areas: dict[str, Callable[[Walk], None]]) -> None:
    run_areas(areas, Walk)
