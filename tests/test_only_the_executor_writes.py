"""A system is written to by its client's package alone, which a `Write` or a `Removal`
calls, which the executor alone carries out."""

import ast
from collections.abc import Iterator

from tests.source import Module, dotted, modules

CLIENTS = ("commerce", "dynamics", "dataverse")
"""The packages of the systems' clients: what they write among themselves is their own business."""
EXECUTOR = "sync.engine.executor"
CARRIES_OUT = {"create", "complete", "apply", "remove", "find_taken"}
"""What the executor calls of a write, of an amendment, of a removal."""
WRITES = {"Write", "OrderWrite", "FilesWrite", "Removal", "RowTarget"}
"""The classes that may write: what the executor carries out, and what a chunk's write calls."""
PROBES = {
    f"sync.checks.{name}" for name in ("absence", "asked_rights", "dataverse_rights", "demand")
}
"""Checks that ask for a right by a request that the system cannot carry out."""


def product() -> Iterator[Module]:
    """The modules of the product that hold no client."""
    for module in modules():
        if module.name.startswith("sync.") and module.inner.split(".")[0] not in CLIENTS:
            yield module


def writing_methods() -> set[str]:
    """The methods of the clients' packages that send something at the latest at a time given."""
    return {
        node.name
        for module in modules()
        if module.name.startswith("sync.") and module.inner.split(".")[0] in CLIENTS
        for node in module.nodes
        if isinstance(node, ast.AsyncFunctionDef)
        and any(one.arg == "not_after" for one in [*node.args.args, *node.args.kwonlyargs])
    }


def inside_writes(module: Module) -> set[ast.AST]:
    """All that lies within classes of writes and removals."""
    return {
        inner
        for node in module.nodes
        if isinstance(node, ast.ClassDef) and WRITES & {*map(dotted, node.bases)}
        for inner in ast.walk(node)
    }


def calls(module: Module) -> Iterator[tuple[ast.Call, str, str]]:
    """(call, receiver, method) of every call of a method."""
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, dotted(node.func.value), node.func.attr


def places(found: Iterator[tuple[Module, ast.Call, str]]) -> list[str]:
    return [f"{module.name}:{call.lineno} calls {what}" for module, call, what in found]


def writes_of_clients() -> Iterator[tuple[Module, ast.Call, str]]:
    methods = writing_methods()
    for module in product():
        allowed = inside_writes(module)
        for call, receiver, method in calls(module):
            is_client = receiver.rpartition(".")[2] in CLIENTS and method in methods
            is_timed = any(one.arg == "not_after" for one in call.keywords)
            if (is_client or is_timed) and call not in allowed and module.name not in PROBES:
                yield module, call, f"{receiver}.{method}"


def carried_out_elsewhere() -> Iterator[tuple[Module, ast.Call, str]]:
    for module in product():
        for call, receiver, method in calls(module):
            is_write = receiver.rpartition(".")[2] in ("write", "removal", "amendment")
            is_ours = method == "intend" or (is_write and method in CARRIES_OUT)
            if is_ours and module.name != EXECUTOR:
                yield module, call, f"{receiver}.{method}"


def test_clients_name_what_they_write() -> None:
    assert {"create", "changeset", "post", "put", "change", "remove"} <= writing_methods()


def test_only_writes_call_what_the_clients_write() -> None:
    assert not places(writes_of_clients())


def test_only_the_executor_announces_and_carries_out() -> None:
    assert not places(carried_out_elsewhere())


def test_what_the_executor_carries_out_is_found() -> None:
    (executor,) = [module for module in product() if module.name == EXECUTOR]
    found = {(receiver, method) for _, receiver, method in calls(executor)}
    assert {("write", "create"), ("amendment", "apply"), ("removal", "remove")} <= found
