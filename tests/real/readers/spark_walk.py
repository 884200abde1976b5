"""Walks through a catalog by Spark's SQL with Iceberg's runtime, in one session.

Request and answer are those of steps.py, with jar (path of Iceberg's runtime for Spark) besides.
"""

import spark_history
import spark_names
import spark_rows
from spark_session import run_spark

AREAS = (
    spark_rows.rows,
    spark_rows.deletes,
    spark_rows.replace,
    spark_rows.shape,
    spark_rows.parts,
    spark_history.travel,
    spark_history.refs,
    spark_history.procedures,
    spark_history.upkeep,
    spark_names.names,
    spark_names.views,
)

run_spark({area.__name__: area for area in AREAS})
