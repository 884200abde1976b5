"""One Spark session for all areas of a walk, small enough for a busy machine."""

from collections.abc import Callable, Iterable

from pyspark.sql import SparkSession

from steps import Row, Steps, run_areas, sorted_rows

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.sql.session.timeZone": "UTC",
    # A few rows need no parallel stages, no new plans on the way and no generated code.
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.defaultCatalog": "lake",
    "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.lake.type": "rest",
    "spark.sql.catalog.lake.cache-enabled": "false",
}


class SparkWalk(Steps):
    """An area with the session that all areas share."""

    def __init__(self, request: dict, namespace: str):
        super().__init__(namespace)
        self.folder: str = request["folder"]
        self.spark = session(request)
        self.sql(f"CREATE NAMESPACE {namespace}")

    def sql(self, text: str) -> list[Row]:
        """Runs a statement and gives its rows."""
        return [row.asDict(recursive=True) for row in self.spark.sql(text).collect()]

    def value(self, text: str) -> object:
        """The first column of the first row."""
        return next(iter(self.sql(text)[0].values()))

    def column(self, text: str) -> list[object]:
        """The first column of all rows."""
        return [next(iter(row.values())) for row in self.sql(text)]

    def snapshots(self, table: str) -> list[int]:
        """Ids of the table's snapshots, oldest first."""
        return self.column(
            f"SELECT snapshot_id FROM {self.name(table)}.snapshots ORDER BY committed_at"
        )

    def holds(self, table: str, rows: Iterable[Row], clause: str = "") -> None:
        """Asserts that the table, or what `clause` makes of it, holds exactly these rows."""
        wanted = sorted_rows(rows)
        if clause == "":
            self.left[table] = wanted
        seen = sorted_rows(self.sql(f"SELECT * FROM {self.name(table)}{clause}"))
        self.step(seen, wanted, f"rows of {table}{clause}")


def session(request: dict) -> SparkSession:
    """The session, which is made with the first area."""
    builder = SparkSession.builder.master("local[1]").appName("walk")
    catalog = {name: request["catalog"][name] for name in ("uri", "warehouse")}
    settings = {
        **SETTINGS,
        **{f"spark.sql.catalog.lake.{name}": value for name, value in catalog.items()},
        "spark.jars": request["jar"],
        "spark.local.dir": request["folder"],
        "spark.sql.warehouse.dir": request["folder"],
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def run_spark(areas: dict[str, Callable[[SparkWalk], None]]) -> None:
    """Runs the areas and ends the session."""
    try:
        run_areas(areas, SparkWalk)
    finally:
        active = SparkSession.getActiveSession()
        if active is not None:
            active.stop()
