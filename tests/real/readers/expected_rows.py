"""What a CSV file says, read by Python's own csv module and typed by a table's schema.

Both readers compare with this. Nothing here comes from the tool under test.
"""

import csv
import math
import re
import struct
import uuid
from collections import Counter
from datetime import date, datetime, time, timezone
from decimal import Context, Decimal

EPOCH = datetime(1970, 1, 1)
NAN = "not a number"
# Iceberg decimals have up to 38 digits; Python's default context keeps 28.
DECIMALS = Context(prec=50)


def micros_of_timestamp(value: datetime) -> int:
    """Microseconds since 1970, in UTC when the value has a zone."""
    if value.tzinfo is not None:
        value = value.astimezone(timezone.utc).replace(tzinfo=None)
    delta = value - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def micros_of_time(value: time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def plain(value, type_name: str):
    """One form for a value, whoever read it, so that equal values compare equal."""
    if value is None:
        return None
    if type_name in ("float", "double"):
        return NAN if math.isnan(value) else float(value)
    if type_name == "date":
        return value if isinstance(value, int) else (value - EPOCH.date()).days
    if type_name == "time":
        return value if isinstance(value, int) else micros_of_time(value)
    if type_name in ("timestamp", "timestamptz"):
        return value if isinstance(value, int) else micros_of_timestamp(value)
    if type_name == "uuid":
        if isinstance(value, (bytes, bytearray)):
            return bytes(value)
        return (value if isinstance(value, uuid.UUID) else uuid.UUID(value)).bytes
    if type_name == "binary" or type_name.startswith("fixed"):
        return bytes(value)
    return value


def parse(text: str, type_name: str):
    """A CSV field as a value: an empty one is null for every type but string."""
    if type_name == "string":
        return text
    if text == "":
        return None
    if type_name == "boolean":
        return {"true": True, "false": False}[text.lower()]
    if type_name in ("int", "long"):
        return int(text)
    if type_name == "float":
        return plain(struct.unpack("<f", struct.pack("<f", float(text)))[0], type_name)
    if type_name == "double":
        return plain(float(text), type_name)
    if type_name.startswith("decimal"):
        scale = int(re.findall(r"\d+", type_name)[1])
        return Decimal(text).quantize(Decimal(1).scaleb(-scale), context=DECIMALS)
    if type_name == "date":
        return plain(date.fromisoformat(text), type_name)
    if type_name == "time":
        return plain(time.fromisoformat(text), type_name)
    if type_name in ("timestamp", "timestamptz"):
        return plain(datetime.fromisoformat(text), type_name)
    if type_name == "uuid":
        return plain(text, type_name)
    return bytes.fromhex(text)


def read_csv(paths: list[str], types: dict[str, str]) -> list[tuple]:
    """Rows of CSV files, with the columns in the table's order; a column that is absent is null."""
    rows = []
    for path in paths:
        with open(path, newline="", encoding="utf-8-sig") as file:
            records = csv.reader(file)
            header = next(records)
            places = [header.index(name) if name in header else None for name in types]
            kinds = list(types.values())
            for record in records:
                rows.append(
                    tuple(
                        None if place is None else parse(record[place], kind)
                        for place, kind in zip(places, kinds)
                    )
                )
    return rows


def compare(actual: list[tuple], expected: list[tuple], key: int | None) -> dict:
    """Two multisets of rows side by side. `key` is the place of a column that should be unique."""
    have, want = Counter(actual), Counter(expected)
    missing, extra = want - have, have - want
    result = {
        "rows": len(actual),
        "rowsExpected": len(expected),
        "rowsMissing": missing.total(),
        "rowsExtra": extra.total(),
        "examples": [f"missing {row!r}" for row in list(missing)[:3]]
        + [f"extra {row!r}" for row in list(extra)[:3]],
    }
    if key is not None:
        result["distinctKeys"] = len({row[key] for row in actual})
    return result
