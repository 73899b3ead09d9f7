"""The tables that are declared are those that the code writes to, read from the code itself."""

import ast
from importlib import import_module
from pathlib import Path

from sync.adapters.cells import table_named
from tests.infra.bicep import bicep

ROOT = Path(__file__).parents[2]
METHODS = frozenset(
    {"insert", "get", "replace", "upsert", "delete", "query", "partitions", "transact"}
)
ELSEWHERE = ("hosts",)
"""Not deployed, or the local host's own."""


def tables_in(path: Path) -> set[str]:
    """Values of the names that stand first in calls of the tables port: `tables.get(CLAIMS,
    ...)`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        call.args[0].id
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in METHODS
        and ast.unparse(call.func.value).endswith(("tables", "_tables"))
        and call.args
        and isinstance(call.args[0], ast.Name)
        and call.args[0].id.isupper()
    }
    module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return {str(getattr(module, name)) for name in names}


def test_the_declared_tables_are_those_of_the_code() -> None:
    found = set()
    for path in (ROOT / "sync").rglob("*.py"):
        if path.relative_to(ROOT).parts[1] not in ELSEWHERE:
            found |= tables_in(path)
    assert sorted(map(table_named, found)) == bicep("storage").tree["variables"]["tables"]["value"]


def test_a_table_is_found_in_the_code() -> None:
    assert tables_in(ROOT / "sync" / "engine" / "ledger.py") == {"claims", "trail", "parked"}
