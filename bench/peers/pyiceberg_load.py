"""Loads a CSV file by pyiceberg, in one of its ways. Runs on every release from 0.9 on.

Arguments: way, catalog URI, warehouse, table, file, threads, rows of a chunk, more properties of the
catalog (a JSON object). Ways:
once: the file is read as a whole by pyarrow, all cores at work, and appended as a whole;
add-files: the same, but threads write a Parquet file each, which are then added together;
threads: one append a chunk by a pool of threads, each on the table as it finds it.
Prints a JSON object: rows and chunks that were acknowledged, and the seconds of the loading alone.
"""

import json
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError


def microseconds(table: pa.Table) -> pa.Table:
    """Timestamps in the unit that Iceberg has; the CSV reader makes seconds."""
    fields = [
        field.with_type(pa.timestamp("us", field.type.tz)) if pa.types.is_timestamp(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def add_files(table, rows: pa.Table, threads: int) -> None:
    share = -(-rows.num_rows // threads)

    def write(number: int) -> str:
        location = f"{table.location()}/data/{uuid.uuid4()}-{number}.parquet"
        with table.io.new_output(location).create() as output:
            pyarrow.parquet.write_table(rows.slice(number * share, share), output, compression="zstd")
        return location

    with ThreadPoolExecutor(threads) as pool:
        paths = list(pool.map(write, range(threads)))
    table.add_files(paths)


def append_chunks(catalog, name: str, rows: pa.Table, threads: int, chunk_rows: int) -> list[int]:
    """Each chunk as a client of its own would: load the table, append. Returns the rows that are in."""

    def append(start: int) -> int:
        chunk = rows.slice(start, chunk_rows)
        try:
            catalog.load_table(name).append(chunk)
            return chunk.num_rows
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return 0

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(append, range(0, rows.num_rows, chunk_rows)))


def main(
    way: str, uri: str, warehouse: str, name: str, file: str, threads: int, chunk_rows: int, properties: dict[str, str]
) -> None:
    catalog = RestCatalog("bench", uri=uri, warehouse=warehouse, **properties)
    rows = microseconds(pyarrow.csv.read_csv(file))
    try:
        catalog.create_namespace(name.split(".")[0])
    except NamespaceAlreadyExistsError:
        pass
    table = catalog.create_table(name, schema=rows.schema)
    start = time.perf_counter()
    if way == "once":
        table.append(rows)
        acknowledged = [rows.num_rows]
    elif way == "add-files":
        add_files(table, rows, threads)
        acknowledged = [rows.num_rows]
    else:
        acknowledged = append_chunks(catalog, name, rows, threads, chunk_rows)
    print(json.dumps({
        "rows": sum(acknowledged),
        "chunks": sum(1 for count in acknowledged if count > 0),
        "loadS": time.perf_counter() - start,
    }))


main(*sys.argv[1:6], int(sys.argv[6]), int(sys.argv[7]), json.loads(sys.argv[8]))
