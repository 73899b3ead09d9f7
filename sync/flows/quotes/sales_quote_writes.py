"""A quote of Dynamics 365 Sales as a write: made once, and amended by what the buyer changes, in a
new revision where sellers have activated it. What they entered stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.request import Request
from sync.dataverse.documents.sales_quote import ITEM, QUANTITY, SalesQuote
from sync.dataverse.sales_quote_rows import (
    DRAFT,
    HeldSalesQuote,
    added,
    header_changed,
    line_changed,
    line_removed,
    made,
)
from sync.dataverse.sales_quotes import SalesQuotes
from sync.dataverse.web_api import RowWrite
from sync.engine.write import Amendment, Conflict, Found, Target, Write
from sync.flows.quotes.quotation_writes import REVISION, fields_changed
from sync.flows.quotes.quote_records import KIND


@dataclass(frozen=True)
class SalesQuoteWrite(Write):
    """The quote of a quote. Its id is ours, so the environment itself refuses a second one.
    `revises`: whether an Active one is revised by us; `revision`: which version this is, counted by
    us."""

    kind: ClassVar[str] = KIND
    refuses_second: ClassVar[bool] = True  # type: ignore[misc]
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    names: ClassVar[tuple[str, str]] = (ITEM, QUANTITY)
    quote: SalesQuote
    quotes: SalesQuotes
    target: Target
    label: str
    revises: bool
    revision: int = 1

    @property
    @override
    def reference(self) -> str:
        return self.quote.reference

    @property
    @override
    def digest(self) -> str:
        return self.quote.digest

    @property
    @override
    def document(self) -> Any:
        return self.quote.document

    @override
    def requests(self) -> Sequence[Request]:
        return made(self.quote)

    @override
    async def find(self) -> Found | None:
        held = await self.quotes.find(self.quote)
        return None if held is None else self._found(held.number)

    @override
    async def create(self, not_after: datetime) -> Found:
        return self._found(await self.quotes.create(self.quote, not_after=not_after))

    def _found(self, number: str) -> Found:
        return Found(number, {REVISION: str(self.revision)})

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        """What the buyer changed since it was sent last. A lost answer of `ReviseQuote` shows as a
        Draft, which is amended as it is."""
        held = await self.quotes.last(self.quote.company, number)
        if held is None or held.is_over:
            raise self._over(number, held)
        is_draft, keys = held.state == DRAFT, {REVISION: str(self.revision)}
        if not self._changes(held, sent):
            return Amendment(self.document, None, keys)
        if not (is_draft or self.revises):
            raise self._to_be_revised(held)

        async def apply(not_after: datetime) -> None:
            draft = held if is_draft else await self.quotes.revise(held, not_after=not_after)
            await self.quotes.change(draft, self._changes(draft, sent), not_after=not_after)

        return Amendment(self.document, apply, keys)

    def _over(self, number: str, held: HeldSalesQuote | None) -> Conflict:
        status = "not there any more" if held is None else held.status
        return Conflict(
            f"{self.label}: the buyer asks again, and its quotation {number} is {status} in"
            " Dynamics 365 Sales",
            remedy=(
                f"Revise quote {number} in Dynamics 365 Sales, then replay. If nothing more is to"
                ' be offered, decline the quote in Commerce, then run: skip quotes KEY --why "..."'
            ),
        )

    def _to_be_revised(self, held: HeldSalesQuote) -> Conflict:
        return Conflict(
            f"{self.label}: the buyer asks for something else, and its quotation {held.number} is"
            f" {held.status} in Dynamics 365 Sales, where nothing of it may be changed",
            remedy=f"Revise quote {held.number} in Dynamics 365 Sales, then replay.",
        )

    def _changes(self, held: HeldSalesQuote, sent: Any | None) -> list[RowWrite]:
        """What is to be changed of the revision with these rows."""
        before: Mapping[str, Any] = sent or {"header": {}, "lines": {}}
        lines = {one.reference: one for one in held.lines}
        columns = {
            name: value
            for name, value in self.quote.header.items()
            if sent is not None and before["header"].get(name) != value
        }
        found = [header_changed(held.row_id, columns)] if columns else []
        for item, wanted in self.quote.lines.items():
            there, known = lines.get(item), before["lines"].get(item, {})
            if there is None:
                found.append(added(self.quote, held.row_id, item))
            elif fields := fields_changed(wanted, known, QUANTITY, there.quantity):
                found.append(line_changed(there.lot, fields))
        gone = before["lines"].keys() - self.quote.lines.keys()
        return found + [line_removed(lines[one].lot) for one in sorted(gone & lines.keys())]
