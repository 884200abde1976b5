"""What pyiceberg makes of variables and files.

Request on stdin: {"cases": [{"directory", "variables": {}, "catalogs": []}]}, where the directory
holds the folders home, own and here: HOME, PYICEBERG_HOME (when the variables name it) and the
working directory. Answer on stdout: {"answers": [{"config", "catalogs": {}} or {"error"}]}.
"""

import json
import os
import sys

from pyiceberg.utils.config import Config


def plain(value):
    """Frozen dictionaries as what JSON knows."""
    return {key: plain(item) for key, item in value.items()} if hasattr(value, "items") else value


def answer(case):
    for name in list(os.environ):
        if name.upper().startswith("PYICEBERG_"):
            del os.environ[name]
    os.environ["HOME"] = os.path.join(case["directory"], "home")
    os.environ.update(case["variables"])
    os.chdir(os.path.join(case["directory"], "here"))
    try:
        config = Config()
        catalogs = {name: plain(config.get_catalog_config(name)) for name in case["catalogs"]}
        return {"config": plain(config.config), "catalogs": catalogs}
    except Exception as error:
        return {"error": str(error)}


request = json.load(sys.stdin)
json.dump({"answers": [answer(case) for case in request["cases"]]}, sys.stdout)
