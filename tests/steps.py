"""How many steps work takes, counted and not timed: of a regular expression, and of Python code.

The expression is played by a plain backtracking matcher that counts every node it looks at, as `re`
would without its shortcuts; the code is counted by its lines. Both are the same on every machine.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from re import _constants as sre
from re import _parser
from types import FrameType
from typing import Any, Final

Node = tuple[Any, Any]
Rest = Callable[[int], int]
MANY: Final = 10_000_000
NO: Final = -1

_SINGLE: Final = (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN)
_REPEATS: Final = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_CATEGORIES: Final[dict[Any, Callable[[str], bool]]] = {
    sre.CATEGORY_DIGIT: str.isdigit,
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
}
_NOT: Final[dict[Any, Any]] = {
    sre.CATEGORY_NOT_DIGIT: sre.CATEGORY_DIGIT,
    sre.CATEGORY_NOT_SPACE: sre.CATEGORY_SPACE,
    sre.CATEGORY_NOT_WORD: sre.CATEGORY_WORD,
}
_SAMPLES: Final = "a1 -.\"'<:=@/;\n\tA_%+é("


def parsed(pattern: re.Pattern[Any]) -> list[Node]:
    source = (
        pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    )
    return list(_parser.parse(source, pattern.flags & ~(re.UNICODE | re.DEBUG)))


class TooManySteps(Exception):
    pass


class Matcher:
    """Plays one expression on texts. `steps` counts since it was made; beyond `most` it raises
    `TooManySteps`."""

    def __init__(self, pattern: re.Pattern[Any], *, most: float = MANY) -> None:
        self.nodes = parsed(pattern)
        self.most = most
        self.folded = bool(pattern.flags & re.IGNORECASE)
        self.dotall = bool(pattern.flags & re.DOTALL)
        self.steps = 0
        self.text = ""
        self._known: dict[tuple[int, str], bool] = {}

    def match(self, text: str, start: int = 0) -> int:
        """Where a match from `start` ends; `NO` for none."""
        self.text = text
        return self._sequence(self.nodes, 0, start, lambda end: end)

    def search_all(self, text: str) -> int:
        """The steps of finding all matches."""
        before, at = self.steps, 0
        while at <= len(text):
            end = self.match(text, at)
            at = end if end > at else at + 1
        return self.steps - before

    def _sequence(self, nodes: Sequence[Node], index: int, at: int, rest: Rest) -> int:
        if index == len(nodes):
            return rest(at)
        self.steps += 1
        if self.steps > self.most:
            raise TooManySteps
        return self._node(nodes[index], at, lambda end: self._sequence(nodes, index + 1, end, rest))

    def _node(self, node: Node, at: int, rest: Rest) -> int:
        kind, what = node
        if kind in _SINGLE:
            return rest(at + 1) if at < len(self.text) and self._fits(node, self.text[at]) else NO
        if kind is sre.SUBPATTERN:
            return self._sequence(what[3].data, 0, at, rest)
        if kind is sre.BRANCH:
            ends = (self._sequence(branch.data, 0, at, rest) for branch in what[1])
            return next((end for end in ends if end != NO), NO)
        if kind in _REPEATS:
            low, high, inner = what
            return self._repeat(
                inner.data, int(low), int(high), at, rest, greedy=kind is not sre.MIN_REPEAT
            )
        if kind in (sre.ASSERT, sre.ASSERT_NOT):
            return rest(at) if self._asserted(what, at) is (kind is sre.ASSERT) else NO
        if kind is sre.AT:
            return rest(at) if self._at(what, at) else NO
        raise NotImplementedError(f"{kind} is not played; write the expression without it")

    def _asserted(self, what: Any, at: int) -> bool:
        direction, inner = what
        begin = at if direction > 0 else at - _width(inner)
        return begin >= 0 and self._sequence(inner.data, 0, begin, lambda end: end) != NO

    def _at(self, what: Any, at: int) -> bool:
        word = _CATEGORIES[sre.CATEGORY_WORD]
        before, after = self.text[at - 1 : at], self.text[at : at + 1]
        boundary = bool(before and word(before)) != bool(after and word(after))
        return {
            sre.AT_BEGINNING: at == 0, sre.AT_BEGINNING_STRING: at == 0, sre.AT_BOUNDARY: boundary,
            sre.AT_NON_BOUNDARY: not boundary, sre.AT_END: not after, sre.AT_END_STRING: not after,
        }[what]  # fmt: skip

    def _repeat(
        self, inner: list[Node], low: int, high: int, at: int, rest: Rest, *, greedy: bool
    ) -> int:
        if len(inner) == 1 and inner[0][0] in _SINGLE:
            return self._run(inner[0], low, high, at, rest, greedy=greedy)

        def again(count: int, here: int) -> int:
            more = lambda: self._sequence(  # noqa: E731 - two ways on, in either order
                inner, 0, here, lambda end: NO if end == here else again(count + 1, end)
            )
            on = lambda: rest(here) if count >= low else NO  # noqa: E731
            ways: tuple[Callable[[], int], ...] = (more, on) if greedy else (on, more)
            for way in ways if count < high else (on,):
                self.steps += 1
                if (end := way()) != NO:
                    return end
            return NO

        return again(0, at)

    def _run(self, node: Node, low: int, high: int, at: int, rest: Rest, *, greedy: bool) -> int:
        most = at
        if greedy:
            while most < len(self.text) and most - at < high and self._fits(node, self.text[most]):
                self.steps += 1
                most += 1
            places: Iterator[int] = iter(range(most, at + low - 1, -1))
        else:
            places = self._growing(node, low, high, at)
        for place in places:
            self.steps += 1
            if (end := rest(place)) != NO:
                return end
        return NO

    def _growing(self, node: Node, low: int, high: int, at: int) -> Iterator[int]:
        for place in range(at, min(len(self.text), at + high) + 1):
            if place > at and not self._fits(node, self.text[place - 1]):
                return
            if place - at >= low:
                yield place

    def _fits(self, node: Node, char: str) -> bool:
        key = (id(node), char)
        if key not in self._known:
            cases = {char, char.lower(), char.upper()} if self.folded else {char}
            self._known[key] = any(fits(node, each, dotall=self.dotall) for each in cases)
        return self._known[key]


def fits(node: Node, char: str, *, dotall: bool = False) -> bool:
    kind, what = node
    if kind is sre.LITERAL:
        return ord(char[0]) == int(what)
    if kind is sre.NOT_LITERAL:
        return ord(char[0]) != int(what)
    if kind is sre.ANY:
        return dotall or char != "\n"
    negated = bool(what) and what[0][0] is sre.NEGATE
    return any(_in(item, char[0]) for item in what[negated:]) is not negated


def _in(item: Node, char: str) -> bool:
    kind, what = item
    if kind is sre.LITERAL:
        return ord(char) == int(what)
    if kind is sre.RANGE:
        return int(what[0]) <= ord(char) <= int(what[1])
    return _CATEGORIES[what](char) if what in _CATEGORIES else not _CATEGORIES[_NOT[what]](char)


def _width(inner: Any) -> int:
    return int(inner.getwidth()[0])


def hostile(pattern: re.Pattern[Any], length: int) -> Iterator[str]:
    """Texts of about `length` that make an expression try again and again: pieces of what it
    matches, repeated."""
    nodes = parsed(pattern)
    shortest = [_shortest([node]) for node in nodes]
    starts = ["".join(shortest[:place]) for place in range(len(nodes))]
    whole = "".join(shortest)
    pieces = {piece for node in nodes for piece in _pieces(node)}
    begun = {
        start + char for start, node in zip(starts, nodes, strict=True) for char in _repeated(node)
    }
    pumps = sorted({whole, whole[:-1], *pieces, *begun} - {""})
    prefixes = sorted({"", *starts})
    for prefix in prefixes:
        for pump in pumps:
            for end in ("", "\x00"):
                yield prefix + pump * (length // len(pump)) + end


def _pieces(node: Node) -> Iterator[str]:
    kind, what = node
    yield _shortest([node])
    if kind in _SINGLE:
        return
    for inner in (
        [what[3]]
        if kind is sre.SUBPATTERN
        else what[1]
        if kind is sre.BRANCH
        else [what[2]]
        if kind in _REPEATS
        else []
    ):
        yield _shortest(list(inner))
        for each in list(inner):
            yield from _pieces(each)
    yield from _repeated(node)


def _repeated(node: Node) -> list[str]:
    """A few of the characters that a node repeats."""
    kind, what = node
    if kind in _REPEATS and len(what[2]) == 1 and what[2][0][0] in _SINGLE:
        return [char for char in _SAMPLES[:6] if fits(what[2][0], char)]
    return []


def _shortest(nodes: Sequence[Node]) -> str:
    """A short text that the nodes match, assertions aside."""
    pieces = []
    for kind, what in nodes:
        if kind is sre.LITERAL:
            pieces.append(chr(what))
        elif kind in _SINGLE:
            found = [char for char in _SAMPLES if fits((kind, what), char)]
            pieces.append(
                found[0]
                if found
                else next(chr(code) for code in range(0x10000) if fits((kind, what), chr(code)))
            )
        elif kind is sre.SUBPATTERN:
            pieces.append(_shortest(list(what[3])))
        elif kind is sre.BRANCH:
            pieces.append(_shortest(list(what[1][0])))
        elif kind in _REPEATS:
            pieces.append(_shortest(list(what[2])) * max(int(what[0]), 1))
    return "".join(pieces)


def lines_run(work: Callable[[], object], inside: str) -> int:
    """How many lines of code in files whose path holds `inside` run while `work` does."""
    count = 0

    def traced(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if inside not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
