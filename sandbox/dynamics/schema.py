"""What sets exist, what their properties are and how an unset one reads. Loaded from
`entities.json` beside this file.

Property codes there: S string, D decimal, I and L whole numbers of 32 and 64 bits, A a date (noon
UTC on the wire), T an instant, G a guid, B bytes, E:Name an enum; a trailing `!` marks what only
the server writes. Source: `$metadata` of a full environment (April 2025). A set that is not in the
file does not exist.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from importlib import resources
from typing import Any, Final

NAMESPACE: Final = "Microsoft.Dynamics.DataEntities"
COMPANY: Final = "dataAreaId"
NO_DATE: Final = datetime(1900, 1, 1, 12, tzinfo=UTC)
NO_INSTANT: Final = datetime(1900, 1, 1, tzinfo=UTC)
DIMENSIONS: Final = (
    "ProductConfigurationId",
    "ProductSizeId",
    "ProductColorId",
    "ProductStyleId",
    "ProductVersionId",
)
NEVER_EXPIRES: Final = datetime(2154, 12, 31, 23, 59, 59, tzinfo=UTC)


class Kind(StrEnum):
    """The types of properties; the values are the codes in `entities.json`."""

    STRING = "S"
    DECIMAL = "D"
    INT = "I"
    LONG = "L"
    DATE = "A"
    INSTANT = "T"
    GUID = "G"
    BINARY = "B"
    ENUM = "E"


EDM: Final[Mapping[Kind, str]] = {
    Kind.STRING: "Edm.String",
    Kind.DECIMAL: "Edm.Decimal",
    Kind.INT: "Edm.Int32",
    Kind.LONG: "Edm.Int64",
    Kind.DATE: "Edm.DateTimeOffset",
    Kind.INSTANT: "Edm.DateTimeOffset",
    Kind.GUID: "Edm.Guid",
    Kind.BINARY: "Edm.Binary",
}
UNSET: Final[Mapping[Kind, Any]] = {
    Kind.STRING: "",
    Kind.DECIMAL: Decimal(0),
    Kind.INT: 0,
    Kind.LONG: 0,
    Kind.DATE: NO_DATE,
    Kind.INSTANT: NO_INSTANT,
    Kind.GUID: "00000000-0000-0000-0000-000000000000",
    Kind.BINARY: "",
}


@dataclass(frozen=True)
class Property:
    """One property. `members` are an enum's, by name; `unset` is what is read when nobody wrote
    it."""

    name: str
    kind: Kind
    enum: str
    members: Mapping[str, int]
    read_only: bool
    unset: Any

    @property
    def edm(self) -> str:
        """Its type in CSDL."""
        return f"{NAMESPACE}.{self.enum}" if self.enum else EDM[self.kind]

    @property
    def label(self) -> str:
        """Words for a message: `CustomerGroupId` reads "Customer group id"."""
        words = "".join(
            f" {letter.lower()}" if letter.isupper() else letter for letter in self.name
        ).strip()
        return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class EntitySet:
    """One set. Sets with the same `table` show the same rows under different property lists."""

    name: str
    type: str
    entity: str
    table: str
    key: tuple[str, ...]
    required: tuple[str, ...]
    read_only: bool
    properties: Mapping[str, Property]

    @cached_property
    def per_company(self) -> bool:
        """Whether its rows belong to a company."""
        return COMPANY in self.properties


TABLES: Final[Mapping[str, str]] = {
    "CustomersV3": "CustTable",
    "SalesOrderHeadersV2": "SalesTable",
    "SalesOrderHeadersV3": "SalesTable",
    "SalesOrderHeadersV4": "SalesTable",
    "SalesOrderLines": "SalesLine",
    "SalesOrderLinesV3": "SalesLine",
    "SalesInvoiceHeadersV2": "CustInvoiceJour",
    "SalesInvoiceHeadersV4": "CustInvoiceJour",
    "SalesInvoiceV2Lines": "CustInvoiceTrans",
    "SalesInvoiceV3Lines": "CustInvoiceTrans",
    "SalesInvoiceV4Lines": "CustInvoiceTrans",
}
"""Table of a set where it is not the set's own; rules and relations name tables."""


def _property(name: str, code: str, enums: Mapping[str, Mapping[str, int]]) -> Property:
    code, read_only = code.removesuffix("!"), code.endswith("!")
    kind, _, enum = code.partition(":")
    if not enum:
        return Property(name, Kind(kind), "", {}, read_only, UNSET[Kind(kind)])
    first = next((member for member, number in enums[enum].items() if number == 0), None)
    return Property(name, Kind.ENUM, enum, enums[enum], read_only, first)


def _load() -> tuple[dict[str, EntitySet], dict[str, dict[str, int]]]:
    raw = json.loads((resources.files(__package__) / "entities.json").read_text(encoding="utf-8"))
    enums = raw["enums"]
    sets = {
        name: EntitySet(
            name=name,
            type=entry["type"],
            entity=entry["entity"],
            table=TABLES.get(name, name),
            key=tuple(entry["key"]),
            required=tuple(entry["required"]),
            read_only=entry["readOnly"],
            properties={
                key: _property(key, code, enums) for key, code in entry["properties"].items()
            },
        )
        for name, entry in raw["sets"].items()
    }
    return sets, enums


SETS, ENUMS = _load()

MAIN: Final[Mapping[str, EntitySet]] = {entity.table: entity for entity in SETS.values()}
"""The newest set of each table: its key and its labels speak for the table."""
