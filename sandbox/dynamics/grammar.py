"""Reading a `$filter`: eq ne gt ge lt le, and or not, parentheses, and the literals of the set's
property types.

Refused with a 400: `in`, `has`, functions, arithmetic, a quoted text for an enum, names that the
set does not have.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NoReturn

from sandbox.dynamics.faults import bad_request
from sandbox.dynamics.filters import Comparison, Either, Every, Node, Opposite
from sandbox.dynamics.schema import NAMESPACE, EntitySet, Kind, Property
from sandbox.dynamics.values import folded, instant_from

TOKEN: Final = re.compile(
    r"(?P<space>\s+)|(?P<paren>[(),])"
    rf"|{re.escape(NAMESPACE)}\.(?P<enum>\w+)'(?P<member>\w+)'"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<guid>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})"
    r"|(?P<number>-?\d+(?:\.\d+)?)(?![\w-])"
    r"|(?P<word>[A-Za-z_]\w*)"
)
OPERATORS: Final = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
}
DEEPEST: Final = 100


@dataclass(frozen=True)
class Token:
    """A word of the text; `kind` is the name of the group in `TOKEN`, `at` counts characters from
    0."""

    kind: str
    text: str
    at: int


def parsed(text: str, entity: EntitySet) -> Node:
    """The tree of a `$filter`. Raises a 400 for anything F&O does not support or that the set does
    not have."""
    return _Parser(_tokens(text), entity, text).whole()


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise bad_request(f"Syntax error at position {at} in '{text}'.")
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(Token(kind, match[0], at))
        at = match.end()
    return tokens


class _Parser:
    """Recursive descent: or < and < not < comparison or parentheses."""

    def __init__(self, tokens: list[Token], entity: EntitySet, text: str) -> None:
        self._tokens = tokens
        self._entity = entity
        self._text = text
        self._place = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        if self._place < len(self._tokens):
            self._wrong()
        return node

    def _either(self) -> Node:
        parts = [self._every()]
        while self._word("or"):
            parts.append(self._every())
        return Either(tuple(parts)) if len(parts) > 1 else parts[0]

    def _every(self) -> Node:
        parts = [self._single()]
        while self._word("and"):
            parts.append(self._single())
        return Every(tuple(parts)) if len(parts) > 1 else parts[0]

    def _single(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise bad_request("The node count limit has been exceeded.")
        if self._word("not"):
            node: Node = Opposite(self._single())
        elif self._next("paren", "("):
            node = self._either()
            if not self._next("paren", ")"):
                self._wrong()
        else:
            node = self._comparison()
        self._depth -= 1
        return node

    def _comparison(self) -> Comparison:
        name = self._take("word")
        if self._next("paren", "("):
            raise bad_request(f"An unknown function with name '{name.text}' was found.")
        known = self._entity.properties.get(name.text)
        if known is None:
            raise bad_request(
                f"Could not find a property named '{name.text}' on type"
                f" '{NAMESPACE}.{self._entity.type}'."
            )
        operator = self._take("word").text
        if operator not in OPERATORS:
            raise bad_request(f"The operator '{operator}' is not supported in '{self._text}'.")
        token = self._tokens[self._place] if self._place < len(self._tokens) else self._wrong()
        self._place += 1
        return Comparison(known, operator, _literal(token, known, operator))

    def _word(self, text: str) -> bool:
        return self._next("word", text)

    def _next(self, kind: str, text: str) -> bool:
        if (
            self._place < len(self._tokens)
            and self._tokens[self._place].kind == kind
            and self._tokens[self._place].text == text
        ):
            self._place += 1
            return True
        return False

    def _take(self, kind: str) -> Token:
        if self._place >= len(self._tokens) or self._tokens[self._place].kind != kind:
            self._wrong()
        self._place += 1
        return self._tokens[self._place - 1]

    def _wrong(self) -> NoReturn:
        at = self._tokens[self._place].at if self._place < len(self._tokens) else len(self._text)
        raise bad_request(f"Syntax error at position {at} in '{self._text}'.")


def _literal(token: Token, known: Property, operator: str) -> Any:
    """The value a comparison is made with, folded; a pattern where a text holds a wildcard."""
    if token.text == "null":
        return None
    enum, _, member = token.text.removeprefix(f"{NAMESPACE}.").partition("'")
    match token.kind, known.kind:
        case "text", Kind.STRING | Kind.BINARY:
            return _text(token.text[1:-1].replace("''", "'"), operator)
        case "number", Kind.DECIMAL | Kind.INT | Kind.LONG:
            return Decimal(token.text)
        case "instant", Kind.DATE | Kind.INSTANT:
            return _moment(token)
        case "guid", Kind.GUID:
            return token.text.lower()
        case "member", Kind.ENUM if enum == known.enum and operator in {"eq", "ne"}:
            return _member(member[:-1], known)
    raise bad_request(
        f"A binary operator with incompatible types was detected. Found operand types '{known.edm}'"
        f" and '{_type_of(token, enum)}' for operator kind '{OPERATORS[operator]}'."
    )


def _text(text: str, operator: str) -> str | re.Pattern[str]:
    text = folded(text)
    if "*" in text and operator in {"eq", "ne"}:
        return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
    return text


def _member(name: str, known: Property) -> str:
    if name not in known.members:
        raise bad_request(
            f"The string '{name}' is not a valid enumeration type constant of '{known.edm}'."
        )
    return name.casefold()


def _moment(token: Token) -> datetime:
    moment = instant_from(token.text)
    if moment is None:
        raise bad_request(f"Unrecognized 'Edm.DateTimeOffset' literal '{token.text}'.")
    return moment


def _type_of(token: Token, enum: str) -> str:
    names = {
        "text": "Edm.String",
        "number": "Edm.Decimal",
        "instant": "Edm.DateTimeOffset",
        "guid": "Edm.Guid",
        "member": f"{NAMESPACE}.{enum}",
    }
    return names.get(token.kind, token.text)
