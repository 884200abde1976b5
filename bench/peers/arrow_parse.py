"""How long pyarrow's CSV reader takes on one thread, the file in memory, the types given.

Arguments: file, repetitions, and a JSON object of Arrow type names by column. Prints the
milliseconds of each repetition as a JSON array; one before the first is not counted.
"""

import json
import sys
import time

import pyarrow as pa
import pyarrow.csv

TYPES = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "string": pa.string(),
    "decimal(18,4)": pa.decimal128(18, 4),
}


def main(file: str, repetitions: int, types: dict[str, str]) -> None:
    pa.set_cpu_count(1)
    with open(file, "rb") as opened:
        data = pa.py_buffer(opened.read())
    reading = pyarrow.csv.ReadOptions(use_threads=False)
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=False)
    converting = pyarrow.csv.ConvertOptions(
        column_types={name: TYPES[type_name] for name, type_name in types.items()},
        null_values=[""],
        strings_can_be_null=False,
    )
    times = []
    for repetition in range(repetitions + 1):
        start = time.perf_counter()
        pyarrow.csv.read_csv(
            pa.BufferReader(data), read_options=reading, parse_options=parsing, convert_options=converting
        )
        if repetition > 0:
            times.append((time.perf_counter() - start) * 1000)
    print(json.dumps(times))


main(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]))
