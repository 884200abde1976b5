"""Reads whole tables by pyiceberg through a catalog and compares them with the rows given.

Request (JSON on standard input): catalog (pyiceberg's properties) and tables ("ns.t" to its rows,
each column by name). Prints what `print_comparison` does.
"""

import json
import sys

from pyiceberg.catalog import load_catalog

from steps import print_comparison


def main() -> None:
    request = json.load(sys.stdin)
    catalog = load_catalog("reader", **request["catalog"])

    def read(name: str) -> list[dict]:
        return catalog.load_table(name).scan().to_arrow().to_pylist()

    print_comparison(request["tables"], read)


main()
