"""Run inside the unpacked package: imports all of it, and prints its functions and where every
module came from, as JSON."""

import importlib
import json
import pkgutil
import sys

import function_app
import sync

names = [function.get_function_name() for function in function_app.app.get_functions()]
at_start = sorted(sys.modules)
for module in pkgutil.walk_packages(sync.__path__, "sync."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
places = {
    name: getattr(module, "__file__", None) or "" for name, module in sorted(sys.modules.items())
}
sys.stdout.write(json.dumps({"functions": names, "at_start": at_start, "places": places}))
