"""Text from outside is read in steps that grow as it does: counted, whatever it is. A quadratic
reader freezes the app."""

import ast
import asyncio
import importlib
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache, partial
from typing import Any, Final

import httpx
import pytest

from sync.commerce.bodies import said_by
from sync.commerce.io_events import asks_for_validation, parse_events
from sync.core.encoding import NotJson, from_json
from sync.core.logs import masked
from sync.core.pages import text_in, title_in
from sync.core.shown import shown
from sync.dynamics import batch, infolog
from sync.dynamics.lookup import Lookup
from sync.dynamics.odata import Filter
from sync.dynamics.wording import WORDING
from tests.source import Module, files, module
from tests.steps import Matcher, TooManySteps, hostile, lines_run

SHORT, LONG = 64, 128
GROWTH: Final = 2.7
"""Twice the text may take twice the steps, and something for what is bounded; four times would be
quadratic."""
SETTLED: Final = 1000
"""Steps below which nothing is concluded."""
NOT_OUTSIDE: Final = ("sandbox", "demo")
SCANS: Final = {"search", "sub", "subn", "finditer", "findall", "split"}


INLINE: Final = re.compile(r"\bre\.(?!compile)\w+\(")

Expressions = dict[str, tuple[re.Pattern[Any], bool]]


@cache
def expressions(name: str) -> Expressions:
    """Every expression of a module by where it is, and whether it scans (or is tried at one place
    alone)."""
    parsed = module(name)
    scanned = {
        call.func.value.id
        for call in parsed.nodes
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in SCANS
        and isinstance(call.func.value, ast.Name)
    }
    found = {
        f"{name}.{one}": (pattern, one.partition("[")[0] in scanned or "[" in one)
        for one, pattern in named(name)
    }
    return found | {f"{name}:{place}": (pattern, scans) for place, pattern, scans in inline(parsed)}


def with_expressions() -> list[str]:
    """The modules that have or use any; nothing is parsed for this."""
    return [
        name
        for name, path in files().items()
        if not name.removeprefix("sync.").startswith(NOT_OUTSIDE)
        and not name.endswith("__main__")
        and (any(named(name)) or INLINE.search(path.read_text(encoding="utf-8")))
    ]


def named(module_name: str) -> Iterator[tuple[str, re.Pattern[Any]]]:
    for name, value in vars(importlib.import_module(module_name)).items():
        if isinstance(value, re.Pattern):
            yield name, value
        elif isinstance(value, tuple):
            each = [item[0] if isinstance(item, tuple) and item else item for item in value]
            yield from (
                (f"{name}[{place}]", item)
                for place, item in enumerate(each)
                if isinstance(item, re.Pattern)
            )


def inline(parsed: Module) -> Iterator[tuple[str, re.Pattern[Any], bool]]:
    for call in parsed.nodes:
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "re"
            and call.func.attr != "compile"
            and call.args
            and isinstance(call.args[0], ast.Constant)
        ):
            yield str(call.lineno), re.compile(call.args[0].value), call.func.attr in SCANS


def worst(pattern: re.Pattern[Any], *, scans: bool) -> str:
    """The text that takes more than its share, or nothing."""
    for short, long in zip(hostile(pattern, SHORT), hostile(pattern, LONG), strict=True):
        try:
            few = steps_of(Matcher(pattern, most=100 * SETTLED), short, scans=scans)
            steps_of(Matcher(pattern, most=max(GROWTH * few, SETTLED)), long, scans=scans)
        except TooManySteps:
            return long
    return ""


def steps_of(matcher: Matcher, text: str, *, scans: bool) -> int:
    _ = matcher.search_all(text) if scans else matcher.match(text)
    return matcher.steps


@pytest.fixture(autouse=True)
def deep() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("name", with_expressions())
def test_no_expression_takes_more_steps_than_its_share(name: str) -> None:
    for place, (pattern, scans) in expressions(name).items():
        text = worst(pattern, scans=scans)
        assert not text, f"{place}: {pattern.pattern!r} on {text[:80]!r}…"


def test_no_expression_is_overlooked() -> None:
    assert len({place for name in with_expressions() for place in expressions(name)}) > 80


@pytest.mark.parametrize(
    "pattern",
    [
        r"<title[^>]*>\s*(.*?)\s*</title>",
        r"[^\s@]+@[^\s@]+\.\w+",
        r"\b[\w/ -]*(?:name|city)[\w/ -]*:\s*[^.;]+",
        r"(?:a+)+!",
        r"\beyJ[\w-]+\.x",
        r"Infolog:.*\bWarning:",
    ],
)
def test_what_grows_faster_is_found(pattern: str) -> None:
    assert worst(re.compile(pattern, re.IGNORECASE | re.DOTALL), scans=True)


def test_the_counting_matcher_matches_as_re_does() -> None:
    each = [pattern for name in with_expressions() for pattern, _ in expressions(name).values()]
    for pattern in dict.fromkeys(each):
        if isinstance(pattern.pattern, str):
            for text in hostile(pattern, 30):
                found = pattern.match(text)
                assert Matcher(pattern).match(text) == (found.end() if found else -1), (
                    pattern.pattern,
                    text,
                )


PIECES: Final = (
    "name ", "'", '"', "The value '", "' in field '", "Infolog:", "; Error: ", ";", ". ", "<title>",
    "<", "</title>", "&amp;", "@", "a@", "a.", "x-",
    "http://a", "http://a?b", "eyJ-", "secret=", "token ", " ", "\t", "\n", "%1", "%", "(",
    "/data/", "é", "Customer ", "A1 ", "Bearer ",
)  # fmt: skip


def reported(message: str) -> bytes:
    return json.dumps(
        {"error": {"message": message}, "message": message, "parameters": [message, message]}
    ).encode()


def many_parameters(text: str) -> bytes:
    names = {f"{number:x}": text[:20] for number in range(len(text) // 4)}
    return json.dumps(
        {"message": "".join(f"%{name}" for name in names), "parameters": names}
    ).encode()


READERS: Final[dict[str, Callable[[str], object]]] = {
    "F&O's refusal": lambda text: infolog.read(reported(text)),
    "F&O's page": lambda text: infolog.read(text.encode()),
    "F&O's sentence": partial(shown, wording=WORDING),
    "Commerce's refusal": lambda text: said_by(httpx.Response(400, content=reported(text))),
    "Commerce's parameters": lambda text: said_by(
        httpx.Response(400, content=many_parameters(text))
    ),
    "Commerce's page": lambda text: said_by(httpx.Response(502, content=text.encode())),
    "a page's title": title_in,
    "a page's text": text_in,
    "a log line": masked,
    "Adobe's validation": lambda text: asks_for_validation(
        json.dumps({"validationUrl": text}).encode()
    ),
    "an event": lambda text: refused(parse_events, text.encode()),
    "a batch": lambda text: refused(
        batch.read, "multipart/mixed; boundary=b", b"--b\r\n" + text.encode() + b"\r\n--b--"
    ),
    "a batch's type": lambda text: refused(
        batch.read, f"multipart/mixed; {text}", b"--b\r\n\r\n--b--"
    ),
}


def refused(read: Callable[..., object], *given: Any) -> None:
    try:
        read(*given)
    except ValueError:
        return


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_takes_lines_in_proportion_to_what_it_reads(reader: str) -> None:
    read = READERS[reader]
    for piece in PIECES:
        few, many = (lines_run(partial(read, piece * times), "/sync/") for times in (50, 100))
        assert many <= max(GROWTH * few, 200), f"{piece!r}: {few}, then {many} lines"


@pytest.mark.parametrize("reader", [name for name in READERS if name != "F&O's sentence"])
def test_what_is_very_long_is_cut_before_it_is_read(reader: str) -> None:
    """270 kB are read in no more lines than what a reader looks at. F&O's sentence is given to its
    reader when it has been cut."""
    assert lines_run(lambda: READERS[reader]("name 'x' " * 30_000), "/sync/") < 60_000


@pytest.mark.parametrize(
    "number",
    [
        "1e999999999",
        "1E+401",
        "-0.1e-999999999",
        "1e" + "9" * 5000,
        "1.5e0009999",
        "0e99999999999999999999",
    ],
)
def test_a_number_that_would_fill_the_memory_is_no_number(number: str) -> None:
    with pytest.raises(NotJson):
        from_json(f'{{"grand_total":{number}}}')


def test_a_number_is_read_without_a_line_of_ours() -> None:
    few, many = (
        lines_run(partial(from_json, f"[{'1.50,' * count}1.50]"), "/sync/") for count in (1, 1000)
    )
    assert few == many


def test_each_value_of_a_joined_look_up_is_measured_once() -> None:
    async def found(_: Filter) -> AsyncIterator[dict[str, Any]]:
        for nothing in list[dict[str, Any]]():
            yield nothing

    def look_up(count: int) -> None:
        emails = [f"{number}@x.example" for number in range(count)]
        assert asyncio.run(Lookup("Email", "usmf", found).find(emails)) == []

    few, many = (lines_run(partial(look_up, count), "/sync/") for count in (10, 20))
    assert many < 2 * few


def test_numbers_that_systems_write_are_read() -> None:
    assert [str(each) for each in from_json("[1.7763568394003e-15,1e308,1E0000000001,0.10]")] == [
        "1.7763568394003E-15",
        "1E+308",
        "1E+1",
        "0.10",
    ]
