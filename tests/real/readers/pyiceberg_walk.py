"""Walks through a catalog by pyiceberg, as its users do. Request and answer: see steps.py."""

import walk_history
import walk_names
import walk_rows
import walk_shape
from walk import main

main(
    {
        area.__name__: area
        for area in (
            walk_rows.create,
            walk_rows.change,
            walk_rows.writers,
            walk_shape.schema,
            walk_shape.nested,
            walk_shape.spec,
            walk_shape.order,
            walk_shape.version,
            walk_history.refs,
            walk_history.rollback,
            walk_history.partial,
            walk_history.expiry,
            walk_history.files,
            walk_history.statistics,
            walk_history.properties,
            walk_history.compressed,
            walk_names.namespaces,
            walk_names.pages,
            walk_names.tables,
            walk_names.staged,
            walk_names.views,
        )
    }
)
