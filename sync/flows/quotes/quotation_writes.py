"""A sales quotation as a write: made once, and amended by what the buyer changes. What F&O's people
entered stays: only what differs from what was sent last is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.request import Request
from sync.dynamics.documents.quotation import HeldQuotation, Quotation
from sync.dynamics.documents.requests import quotation_requests
from sync.dynamics.odata_client import Write as Change
from sync.dynamics.quotations import Quotations, added, header_patched, patched, removed
from sync.engine.write import Amendment, Conflict, Found, Target, Write
from sync.flows.quotes.quote_records import KIND
from sync.mapping.quotation import ITEM, QUANTITY

REVISION = "revision"
FIXED = frozenset({
    "dataAreaId", "SalesQuotationNumber", "RequestingCustomerAccountNumber", "CurrencyCode",
    "CustomersReference", "SkipOpportunityCreationPrompt", "InvoiceCustomerAccountNumber",
})  # fmt: skip
"""What a quotation keeps from its first day."""


@dataclass(frozen=True)
class QuotationWrite(Write):
    """The quotation of a quote. `revision`: which version of it this is, counted by us."""

    kind: ClassVar[str] = KIND
    names: ClassVar[tuple[str, str]] = (ITEM, QUANTITY)
    quotation: Quotation
    quotations: Quotations
    target: Target
    label: str
    revision: int = 1

    @property
    def refuses_second(self) -> bool:  # type: ignore[override]
        """By our number, which only one can have."""
        return bool(self.quotation.number)

    @property
    def is_one_request(self) -> bool:  # type: ignore[override]
        """With a number of ours all travels in one changeset."""
        return bool(self.quotation.number)

    @property
    @override
    def reference(self) -> str:
        return self.quotation.reference

    @property
    @override
    def expected_number(self) -> str:
        return self.quotation.number

    @property
    @override
    def digest(self) -> str:
        return self.quotation.digest

    @property
    @override
    def document(self) -> Any:
        return self.quotation.document

    @override
    def requests(self) -> Sequence[Request]:
        return quotation_requests(self.quotation)

    @override
    async def find(self) -> Found | None:
        held = await self.quotations.find(self.quotation)
        return None if held is None else self._found(held.number, held)

    @override
    async def create(self, not_after: datetime) -> Found:
        number = await self.quotations.create(self.quotation, not_after=not_after)
        return self._found(number, None)

    @override
    def is_whole(self, found: Found) -> bool:
        return not self._lacking(found)

    @override
    async def complete(self, found: Found, not_after: datetime) -> Found:
        lacking = self._lacking(found)
        await self.quotations.complete(
            self.quotation, found.number, lacking, not_after=not_after
        )  # fmt: skip
        return found

    def _found(self, number: str, held: HeldQuotation | None) -> Found:
        return Found(number, {REVISION: str(self.revision)}, content=held)

    def _lacking(self, found: Found) -> list[str]:
        """References of lines that are not there. One that was made whole lacks none; one that its
        people ended before it had any takes none."""
        held: HeldQuotation | None = found.content
        if (held is None and self.quotation.number) or (held is not None and held.is_over):
            return []
        there = {line.reference for line in held.lines} if held is not None else set()
        return [] if there else list(self.quotation.lines)

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        """Quantities, items and header fields that the buyer changed since they were sent last."""
        held = await self.quotations.by_number(self.quotation.company, number)
        if held is None or held.is_over:
            raise self._over(number, held)
        writes = self._changes(held, sent or {"header": {}, "lines": {}}, is_known=sent is not None)

        async def apply(not_after: datetime) -> None:
            await self.quotations.change(writes, not_after=not_after)

        keys = {REVISION: str(self.revision)}
        return Amendment(self.document, apply if writes else None, keys)

    def _over(self, number: str, held: HeldQuotation | None) -> Conflict:
        status = "not there any more" if held is None else held.status
        return Conflict(
            f"{self.label}: the buyer asks again, and its quotation {number} is {status} in D365",
            remedy=(
                f"Reset quotation {number} in D365 (Sales quotations > Follow up), then replay. If"
                " nothing more is to be offered, decline the quote in Commerce, then run: skip"
                ' quotes KEY --why "..."'
            ),
        )

    def _changes(
        self, held: HeldQuotation, sent: Mapping[str, Any], *, is_known: bool
    ) -> list[Change]:
        company, lines = self.quotation.company, {one.reference: one for one in held.lines}
        header = {
            name: value
            for name, value in self.quotation.header.items()
            if name not in FIXED and is_known and sent["header"].get(name) != value
        }
        found = [header_patched(company, held.number, header)] if header else []
        for reference, wanted in self.quotation.lines.items():
            there, before = lines.get(reference), sent["lines"].get(reference, {})
            if there is None:
                found.append(added(self.quotation, reference, held.number))
            elif fields := fields_changed(wanted, before, QUANTITY, there.quantity):
                found.append(patched(company, there.lot, fields))
        gone = sent["lines"].keys() - self.quotation.lines.keys()
        return found + [removed(company, lines[one].lot) for one in sorted(gone & lines.keys())]


def fields_changed(
    wanted: Mapping[str, Any], before: Mapping[str, Any], name: str, quantity: Any
) -> Mapping[str, Any]:
    """What of a line the buyer changed: quantity (the field `name`) and text. A quantity that is
    there already is not sent again, nor texts where nobody knows what was sent."""
    found = {key: value for key, value in wanted.items() if before and before.get(key) != value}
    if not before:
        found[name] = wanted[name]
    return {key: value for key, value in found.items() if key != name or value != quantity}
