"""The product's own source, parsed once: its modules, what they import, their functions and what
they log."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]


class Module(NamedTuple):
    name: str
    path: Path
    nodes: tuple[ast.AST, ...]

    @property
    def inner(self) -> str:
        """The name below `sync`."""
        return self.name.removeprefix("sync").lstrip(".")


@cache
def files() -> dict[str, Path]:
    """Where each module is, by its name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for root in ("sync", "sandbox")
        for path in sorted((ROOT / root).rglob("*.py"))
    }


@cache
def module(name: str) -> Module:
    path = files()[name]
    return Module(name, path, tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8")))))


@cache
def modules() -> tuple[Module, ...]:
    """All of them. Parsing them takes seconds: not while tests are collected."""
    return tuple(module(name) for name in files())


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or a chain of attributes; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    before = dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{before}.{node.attr}" if before and isinstance(node, ast.Attribute) else ""


@cache
def imports(module: Module) -> set[str]:
    """What a module imports while it runs, also inside functions; for type checkers alone does not
    count."""
    skipped = {
        node
        for block in module.nodes
        if isinstance(block, ast.If) and dotted(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found: set[str] = set()
    for node in module.nodes:
        if isinstance(node, ast.Import) and node not in skipped:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node not in skipped:
            found.add(node.module)
    return found


def functions() -> Iterator[tuple[Module, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for module in modules():
        yield from (
            (module, node)
            for node in module.nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )


@cache
def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def code_lines(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from its `def` to its end, without those of its docstring, blank ones,
    and those with a comment alone. Functions inside it count with it, and for themselves too."""
    lines = _lines(module.path)
    counted = set(range(function.lineno, (function.end_lineno or 0) + 1))
    if ast.get_docstring(function) is not None:
        told = function.body[0]
        counted -= set(range(told.lineno, (told.end_lineno or 0) + 1))
    texts = (lines[number - 1].strip() for number in counted)
    return sum(bool(text) and not text.startswith("#") for text in texts)


LOGGING: Final = re.compile(r"(log|logger|logging)\.(debug|info|warning|error|exception|critical)")


def log_calls() -> Iterator[tuple[Module, ast.Call]]:
    for module in modules():
        calls = (node for node in module.nodes if isinstance(node, ast.Call))
        yield from ((module, call) for call in calls if LOGGING.fullmatch(dotted(call.func)))
