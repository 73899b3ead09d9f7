"""On which line of a TOML text each key and table stands. The parser of the standard library does
not say.

Reads text that `tomllib` has accepted already, so it only has to find its way, not to judge:
headers, dotted and quoted keys, inline tables, arrays, and every kind of string (a `#` or `=` in
one is no comment and no key).
"""

import re
import tomllib
from bisect import bisect_left

Path = tuple[str, ...]
"""Where something stands: names of tables and keys, and the index of an element of a list, as
text."""

_BLANK = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*(\.?)""")
_TEXTS = (
    re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{0,2})', re.DOTALL),
    re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
_BARE = re.compile(r"[^,\]}\n#]*")


class Lines:
    """The lines of one text. `of(path)` is the line of what `path` names, or else of the nearest
    thing around it."""

    def __init__(self, text: str) -> None:
        """Read the whole text once; `text` is what `tomllib.loads` has accepted."""
        reading = _Reading(text.replace("\r\n", "\n"))
        reading.document()
        self._written, self._implied = reading.written, reading.implied

    def of(self, path: Path) -> int:
        """The line, counted from 1; 1 for what stands nowhere in the file."""
        for length in range(len(path), 0, -1):
            line = self._written.get(path[:length]) or self._implied.get(path[:length])
            if line:
                return line
        return 1


class _Reading:
    """One pass over the text. `written`: keys and headers; `implied`: tables that only a longer
    name mentions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.breaks = [place for place, character in enumerate(text) if character == "\n"]
        self.written: dict[Path, int] = {}
        self.implied: dict[Path, int] = {}
        self.elements: dict[Path, int] = {}

    def document(self) -> None:
        """Walk over headers and pairs to the end."""
        table: Path = ()
        while self._next():
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)

    def _next(self) -> str:
        """The next character that means something; empty at the end."""
        self._skip(_BLANK)
        return self.text[self.at : self.at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        assert found is not None, "the text was accepted before"
        self.at = found.end()
        return found

    def _header(self) -> Path:
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        line, names = self._line(), self._names()
        self.at += 2 if double else 1
        path: Path = ()
        for name in names[:-1]:
            path = self._inside((*path, name))
            self.implied.setdefault(path, line)
        path = (*path, names[-1])
        if double:
            self.elements[path] = self.elements.get(path, -1) + 1
            self.implied.setdefault(path, line)
        path = self._inside(path)
        self.written.setdefault(path, line)
        return path

    def _inside(self, path: Path) -> Path:
        """A list of tables is entered at its latest element."""
        return (*path, str(self.elements[path])) if path in self.elements else path

    def _names(self) -> list[str]:
        names: list[str] = []
        more = True
        while more:
            found = self._skip(_KEY)
            name = found[1]
            names.append(str(tomllib.loads(f"k={name}")["k"]) if name[0] in "\"'" else name)
            more = bool(found[2])
        return names

    def _pair(self, table: Path) -> None:
        line, names = self._line(), self._names()
        for length in range(1, len(names)):
            self.implied.setdefault((*table, *names[:length]), line)
        path = (*table, *names)
        self.written.setdefault(path, line)
        self.at = self.text.index("=", self.at) + 1
        self._value(path)

    def _value(self, path: Path) -> None:
        first = self._next()
        if first == "{":
            self._members(path, "}")
        elif first == "[":
            self._members(path, "]")
        elif first in ("'", '"'):
            found = next(
                match for pattern in _TEXTS if (match := pattern.match(self.text, self.at))
            )
            self.at = found.end()
        else:
            self._skip(_BARE)

    def _members(self, path: Path, end: str) -> None:
        self.at += 1
        index = 0
        while (first := self._next()) != end:
            if first == ",":
                self.at += 1
            elif end == "}":
                self._pair(path)
            else:
                element = (*path, str(index))
                self.written.setdefault(element, self._line())
                self._value(element)
                index += 1
        self.at += 1

    def _line(self) -> int:
        return bisect_left(self.breaks, self.at) + 1
