"""Loads a CSV file into a new table by Spark, on all cores of this machine.

Arguments: jar of Iceberg's runtime, threads, folder for its work, file, catalog URI, warehouse, table.
"""

import sys

from pyspark.sql import SparkSession

SCHEMA = (
    "id LONG, name STRING, age LONG, salary DOUBLE, department STRING, is_active BOOLEAN, created_at TIMESTAMP_NTZ"
)


def main(jar: str, threads: str, folder: str, file: str, uri: str, warehouse: str, name: str) -> None:
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "4g",
        "spark.jars": jar,
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": folder,
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "rest",
        "spark.sql.catalog.lake.uri": uri,
        "spark.sql.catalog.lake.warehouse": warehouse,
    }
    builder = SparkSession.builder.master(f"local[{threads}]").appName("bench")
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS lake.{name.split('.')[0]}")
    # The types are given: it would read the file twice to infer them.
    rows = spark.read.csv(file, header=True, schema=SCHEMA)
    rows.writeTo(f"lake.{name}").create()
    spark.stop()


main(*sys.argv[1:])
