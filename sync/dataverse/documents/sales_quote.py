"""A quote of Dynamics 365 Sales (`quote`, `quotedetail`) as we send it: write-in products without
prices, which sellers price. docs/dataverse-quotes.md has the source of each column."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sync.core.encoding import digest

QUANTITY, ITEM = "quantity", "productdescription"
WRITTEN_IN: Final[Mapping[str, Any]] = {
    "isproductoverridden": True, "ispriceoverridden": True, "priceperunit": 0,
}  # fmt: skip
"""A write-in product has the price that a seller enters; none is zero, which is no offer."""
LONGEST: Final[Mapping[str, int]] = {
    "name": 300, "description": 2000, "productdescription": 500, "shipto_name": 200,
    "shipto_line1": 250, "shipto_city": 80, "shipto_postalcode": 20, "shipto_country": 80,
    "shipto_stateorprovince": 50,
}  # fmt: skip
"""Characters that the columns of the standard hold."""


_MARKED: Final = re.compile(r"(.*) \[([0-9]+)\]", re.DOTALL)


def marked(text: str, item: str) -> str:
    """The text of a line, which ends with the id of its item: a revision has lines with ids of its
    own, and their numbers are the sellers'."""
    mark = f" [{item}]"
    return f"{text[: LONGEST[ITEM] - len(mark)].strip()}{mark}"


def unmarked(text: str) -> tuple[str, str]:
    """The text of a line, and the id of its item; empty for a line of nobody's."""
    found = _MARKED.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


@dataclass(frozen=True)
class SalesQuote:
    """A quote to be. `row_id` is chosen by us, so a second one of the same Commerce quote is
    refused. `header`, `lines`: columns by logical name; lines by the id of their item. `names`:
    lookups (`...@odata.bind`), which are written once."""

    row_id: str
    company: str
    reference: str
    header: Mapping[str, Any]
    names: Mapping[str, str]
    lines: Mapping[str, Mapping[str, Any]]

    @property
    def document(self) -> dict[str, Any]:
        """As it is kept and compared with later."""
        lines = {key: dict(line) for key, line in self.lines.items()}
        return {"header": dict(self.header), "names": dict(self.names), "lines": lines}

    @property
    def digest(self) -> str:
        """Of what sellers must read, without the rows that it names."""
        return digest([self.header, self.lines])
