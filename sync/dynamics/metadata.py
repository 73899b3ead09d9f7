"""What an environment's entities look like: `/data/$metadata`, read as it arrives.

The document is tens of megabytes with thousands of sets, so it is parsed piece by piece and kept as
names only. It tells which fields exist and of which type; what is mandatory or read-only stands in
/metadata/PublicEntities alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Final
from xml.parsers import expat

_SEPARATOR: Final = "|"


class BrokenMetadata(ValueError):
    """The bytes are no CSDL document."""


@dataclass(frozen=True)
class Shape:
    """One entity set: its type's name, its key fields in order, every field with its type
    ("Edm.String"), and how many characters a field holds, where the document says so (F&O's own
    does not)."""

    type: str
    key: tuple[str, ...]
    fields: Mapping[str, str]
    lengths: Mapping[str, int] = field(default_factory=dict)


@dataclass
class _Type:
    key: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)


class MetadataReader:
    """Feed it the document in pieces, then ask for the `shapes` by entity set."""

    def __init__(self) -> None:
        self._types: dict[str, _Type] = {}
        self._sets: dict[str, str] = {}
        self._open: _Type | None = None
        self._parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended
        self._parser.StartDoctypeDeclHandler = self._refused

    def feed(self, piece: bytes) -> None:
        """Take the next piece. Raises `BrokenMetadata`."""
        self._parse(piece, last=False)

    def shapes(self) -> dict[str, Shape]:
        """All entity sets, when the last piece has been fed. Raises `BrokenMetadata` when the
        document is cut off."""
        self._parse(b"", last=True)
        return {
            name: Shape(type_name, tuple(known.key), known.fields, known.lengths)
            for name, type_name in self._sets.items()
            if (known := self._types.get(type_name)) is not None
        }

    def _parse(self, piece: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            raise BrokenMetadata(
                f"no XML at line {error.lineno}: {expat.ErrorString(error.code)}"
            ) from None

    def _started(self, tag: str, attributes: dict[str, str]) -> None:
        element = tag.rpartition(_SEPARATOR)[2]
        name = attributes.get("Name", "")
        if element == "EntityType":
            self._open = self._types.setdefault(name, _Type())
        elif element == "EntitySet":
            self._sets[name] = attributes.get("EntityType", "").rpartition(".")[2]
        elif self._open is not None and element == "Property":
            self._open.fields[intern(name)] = intern(attributes.get("Type", ""))
            if (longest := attributes.get("MaxLength", "")).isdecimal():
                self._open.lengths[intern(name)] = int(longest)
        elif self._open is not None and element == "PropertyRef":
            self._open.key.append(name)

    def _ended(self, tag: str) -> None:
        if tag.rpartition(_SEPARATOR)[2] == "EntityType":
            self._open = None

    def _refused(self, *_declared: object) -> None:
        raise BrokenMetadata("it declares a document type, which F&O never does")
