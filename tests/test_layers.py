"""Which way imports point: by what a module can reach, imports for type checkers counted."""

from collections.abc import Iterator
from functools import cache
from typing import Final

import grimp
import pytest

PACKAGE: Final = "sync"
CORE: Final = ("core",)
SETTINGS: Final = (*CORE, "config", "pacing", "mapping_tables")
PURE: Final = (
    *SETTINGS, "mapping", "commerce.models", "dynamics.documents", "dataverse.documents",
)  # fmt: skip
SYSTEMS: Final = (*SETTINGS, "commerce", "dynamics", "dataverse")
ENGINE: Final = (*SETTINGS, "engine")
FLOWS: Final = (*PURE, *SYSTEMS, *ENGINE, "credit", "buying", "flows")
INTAKE: Final = (*SYSTEMS, *ENGINE, "credit", "buying", "intake_http")
APP: Final = (
    *FLOWS, *INTAKE, "adapters", "mails", "alerts", "reconcile", "preview", "checks", "app",
)  # fmt: skip
OPERATING: Final = (*APP, "operating")

MAY_REACH: Final[dict[str, tuple[str, ...]]] = {
    "core": CORE,
    "pacing": (*CORE, "pacing"),
    "config": (*CORE, "config"),
    "mapping_tables": (*CORE, "config", "mapping_tables"),
    "commerce": (*SETTINGS, "commerce"),
    "commerce.models": (*CORE, "commerce.models"),
    "dynamics": (*SETTINGS, "dynamics"),
    "dynamics.documents": (*CORE, "config", "dynamics.documents"),
    "dataverse": (*SETTINGS, "dynamics", "dataverse"),
    "dataverse.documents": (*CORE, "dataverse.documents"),
    "mapping": PURE,
    "engine": ENGINE,
    "credit": (*SETTINGS, "credit"),
    "buying": (*SETTINGS, "credit", "buying"),
    "mails": (*CORE, "config", "mails"),
    "alerts": (*ENGINE, "mails", "alerts"),
    "flows": FLOWS,
    "preview": (*FLOWS, "preview"),
    "checks": (*FLOWS, "preview", "mails", "alerts", "checks"),
    "reconcile": (*FLOWS, "reconcile"),
    "reporting": (*OPERATING, "reporting"),
    "intake_http": INTAKE,
    "adapters": (*CORE, "config", "adapters"),
    "app": APP,
    "operating": OPERATING,
    "console": (*OPERATING, "console"),
    "portal": (*APP, "portal"),
    "hosts": (*OPERATING, "console", "portal", "hosts"),
}
"""All that the modules of a package can reach of the product. `cli` may reach everything."""

EXCEPTIONS: Final = (
    ("sync.engine.systems", "sync.commerce"),
    ("sync.engine.systems", "sync.dynamics"),
    ("sync.engine.systems", "sync.dataverse"),
    ("sync.engine.flow", "sync.dynamics.business_events"),
)
"""Imports that do not count: the engine hands the opened systems to the flows, and names their
clients for that alone; a flow's trigger names the business event it takes its keys from."""

IN_OUT: Final = ("httpx", "azure", "sqlite3", "asyncio", "uvicorn", "starlette")
"""What does I/O. Values, and functions of values, can reach none of it."""


def is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@cache
def graph() -> grimp.ImportGraph:
    """Every import there is, but for the exceptions."""
    found = grimp.build_graph(
        PACKAGE,
        "sandbox",
        include_external_packages=True,
        exclude_type_checking_imports=False,
        cache_dir=None,
    )
    for importer, imported in EXCEPTIONS:
        for module in found.find_modules_directly_imported_by(importer):
            if is_in(module, (imported,)):
                found.remove_import(importer=importer, imported=module)
    return found


def modules_of(package: str) -> list[str]:
    return sorted(module for module in graph().modules if is_in(module, (f"{PACKAGE}.{package}",)))


def path(importer: str, imported: str) -> str:
    chain = graph().find_shortest_chain(importer=importer, imported=imported)
    assert chain is not None
    return " -> ".join(chain)


def strangers(package: str) -> Iterator[str]:
    """The way to each module that may not be reached."""
    allowed = tuple(f"{PACKAGE}.{name}" for name in MAY_REACH[package])
    for module in modules_of(package):
        for reached in graph().find_upstream_modules(module):
            if is_in(reached, (PACKAGE,)) and reached != PACKAGE:
                parents = any(name.startswith(f"{reached}.") for name in allowed)
                if not parents and not is_in(reached, allowed):
                    yield path(module, reached)


@pytest.mark.parametrize("package", MAY_REACH)
def test_a_package_reaches_only_what_lies_below_it(package: str) -> None:
    assert modules_of(package), f"{package} is gone: correct the rules"
    found = sorted(strangers(package), key=len)
    assert not found, "\n".join(found[:5])


def test_every_package_has_its_rule() -> None:
    names = {
        module.split(".")[1]
        for module in graph().modules
        if is_in(module, (PACKAGE,)) and "." in module
    }
    assert names - {"__main__", "cli"} == {name for name in MAY_REACH if "." not in name}


def test_an_exception_is_still_needed() -> None:
    whole = grimp.build_graph(PACKAGE, exclude_type_checking_imports=False, cache_dir=None)
    for importer, imported in EXCEPTIONS:
        direct = whole.find_modules_directly_imported_by(importer)
        assert any(is_in(module, (imported,)) for module in direct), (importer, imported)


@pytest.mark.parametrize(
    "package", ["mapping", "dynamics.documents", "dataverse.documents", "commerce.models"]
)
def test_what_is_pure_reaches_no_io(package: str) -> None:
    for module in modules_of(package):
        for name in IN_OUT:
            if name in graph().modules:
                chain = graph().find_shortest_chain(importer=module, imported=name)
                assert chain is None, " -> ".join(chain or ())


def test_nothing_in_the_product_imports_the_sandbox() -> None:
    for module in graph().modules:
        if is_in(module, (PACKAGE,)):
            reached = sorted(
                m for m in graph().find_upstream_modules(module) if is_in(m, ("sandbox",))
            )
            assert not reached, path(module, reached[0])


def test_no_imports_go_round_in_a_circle() -> None:
    own = [module for module in graph().modules if is_in(module, (PACKAGE, "sandbox"))]
    for module in sorted(own):
        for imported in graph().find_modules_directly_imported_by(module):
            back = (
                graph().find_shortest_chain(importer=imported, imported=module)
                if imported in own
                else None
            )
            assert back is None, " -> ".join((module, *(back or ())))
