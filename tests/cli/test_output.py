"""Text from outside on a terminal: seen, never obeyed, and no line of it passes for one of ours."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout

import pytest
from rich.progress import TextColumn

from sync.cli.output import json_line, line, note, pretty, progress, table

HOSTILE = {
    "markup": "[red]x[/red] [link=https://evil.example]click[/link]",
    "erases the screen": "\x1b[2J\x1b]0;title\x07",
    "C1": "\x9b31mred\x85next",
    "link": "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "direction": "abc\u202ecba\u202c \u2066x\u2069",
    "invisible": "a\u200bb\ufeff\u00ad",
    "tags": "a\U000e0041b",
    "separators": "a\u2028b\u2029c",
    "emoji code": "paid :white_check_mark: :cross_mark:",
    "half a character": "a\ud800b",
    "carriage return": "real\rfake",
    "bell and nul": "\x07\x00\x7f",
}
OBEYED = "\x1b\x9b\x85\x07\x00\x7f\r\u202e\u2066\u200b\ufeff\u00ad\u2028\u2029\U000e0041\ud800"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(show: Callable[[], object]) -> str:
    """What reaches a terminal."""
    terminal = Terminal()
    with redirect_stdout(terminal), redirect_stderr(terminal):
        show()
    return terminal.getvalue().replace("\x1b[1m", "").replace("\x1b[3m", "").replace("\x1b[0m", "")


WAYS: dict[str, Callable[[str], object]] = {
    "line": line,
    "note": note,
    "table": lambda text: table(("k",), [(text,)], title="Title"),
    "pretty": lambda text: pretty({"k": text}),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("way", WAYS)
def test_no_text_from_outside_is_obeyed(
    monkeypatch: pytest.MonkeyPatch, way: str, text: str
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "200")
    seen = shown(lambda: WAYS[way](text))
    assert not [hex(ord(one)) for one in OBEYED if one in seen]
    if text.isprintable() and text.isascii():
        assert text in seen, "neither markup nor emoji codes are read"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_json_says_the_same_to_programs_and_nothing_to_the_terminal(text: str) -> None:
    document = {"k": text, "müller": "日本"}
    seen = shown(lambda: json_line(document))
    assert not [hex(ord(one)) for one in OBEYED if one in seen]
    assert json.loads(seen) == document
    assert "日本" in seen


def test_a_value_makes_no_line_of_its_own() -> None:
    document = {"name": "Ann\nstate: delivered", "more": {"street": "a\nb"}}
    assert shown(lambda: pretty(document)).splitlines() == [
        "  name: Ann\\nstate: delivered",
        "  more:",
        "    street: a\\nb",
    ]


def test_what_a_bar_says_is_no_markup() -> None:
    with progress("Checks", 2, as_json=True) as bar:
        bar.say("[bold]shop[/bold] \x9b31m")
        (task,), (column, *_) = bar._bar.tasks, bar._bar.columns
        assert isinstance(column, TextColumn)
        assert str(column.render(task)) == "[bold]shop[/bold] \ufffd31m"
