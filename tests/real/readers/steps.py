"""What the walks share: areas that are run one after the other, steps that are compared.

A walk does what users of a client do, and after each step compares what it sees with what there
must be. Request (JSON on standard input): catalog (pyiceberg's properties), areas (names; all when
missing), prefix (an area's namespace is "prefix_area") and folder (for files outside of the
warehouse). Prints one JSON object: for each area its error (null, or the traceback), the number of
its steps, and the rows that its tables are left with, for another reader to compare.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable

Row = dict[str, object]


def sorted_rows(rows: Iterable[Row]) -> list[Row]:
    """Rows as a multiset, with dates, decimals and the like as text."""
    plain = json.loads(json.dumps(list(rows), default=str))
    return sorted(plain, key=lambda row: json.dumps(row, sort_keys=True))


class Steps:
    """An area's namespace, its steps, and the rows that its tables must hold in the end."""

    def __init__(self, namespace: str):
        self.namespace = namespace
        self.steps = 0
        self.left: dict[str, list[Row]] = {}

    def name(self, table: str) -> str:
        return f"{self.namespace}.{table}"

    def step(self, seen: object, wanted: object, what: str) -> None:
        """Fails when two values differ."""
        if seen != wanted:
            raise AssertionError(f"{what}\nseen:   {seen}\nwanted: {wanted}")
        self.steps += 1

    def error(self, name: str, action: Callable[[], object]) -> None:
        """Fails unless an action ends with an error of the class (Java's, where it is Java's)."""
        try:
            action()
        except Exception as error:
            java = getattr(error, "java_exception", None)
            seen = type(error).__name__ if java is None else java.getClass().getSimpleName()
            self.step(seen, name, f"class of {error!r}")
            return
        raise AssertionError(f"{name} wanted, but there was no error")


def run_areas(areas: dict[str, Callable[..., None]], begin: Callable[[dict, str], Steps]) -> None:
    """Runs areas, each in a namespace of its own. `begin` makes what the area is called with."""
    request = json.load(sys.stdin)
    # DuckDB makes an empty folder "data" where it runs, with each CREATE TABLE AS.
    os.chdir(request["folder"])
    results = {}
    for name in request.get("areas") or areas:
        walk, error = None, None
        try:
            walk = begin(request, f"{request['prefix']}_{name}")
            areas[name](walk)
        except Exception:
            error = traceback.format_exc()
        left = {walk.name(table): rows for table, rows in walk.left.items()} if walk else {}
        results[name] = {"error": error, "steps": walk.steps if walk else 0, "left": left}
    print(json.dumps(results))


def print_comparison(tables: dict[str, list[Row]], read: Callable[[str], list[Row]]) -> None:
    """Prints {rows, problems}: how many rows `read` gave, and the tables where it gave others."""
    count = 0
    problems = []
    for name, rows in tables.items():
        try:
            seen = sorted_rows(read(name))
        except Exception as error:
            problems.append(f"{name}: {error}")
            continue
        count += len(seen)
        if seen != sorted_rows(rows):
            problems.append(f"{name}\nseen:   {seen}\nwanted: {rows}")
    print(json.dumps({"rows": count, "problems": problems}))
