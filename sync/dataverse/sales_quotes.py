"""Quotes of Dynamics 365 Sales: made and amended by us, priced, activated and closed by sellers.
`sales_quote_rows.py` says how they are written and read. Sources: docs/dataverse-quotes.md."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sync.core.errors import Later, Never
from sync.dataverse.client import DataverseClient
from sync.dataverse.documents.sales_quote import SalesQuote
from sync.dataverse.sales_quote_rows import (
    COLUMNS,
    CURRENCY,
    DRAFT,
    LINE_COLUMNS,
    LINES,
    ORDERS,
    QUOTES,
    WON,
    HeldSalesQuote,
    held_of,
    made,
    quote_id,
    revised,
    text,
    whole,
)
from sync.dataverse.web_api import RowWrite, eq, since
from sync.dynamics.documents.quotation import HeldQuotation, Listed
from sync.dynamics.odata import instant_of

SOON: Final = timedelta(seconds=30)


class Doubled(Never):
    """Two quotes have one number and revision, so nobody knows which one counts."""


class SalesQuotes:
    """The quotes of one environment that a shop asked for. `answered`: statuses (`statuscode`) of
    an Active quote in which it is an answer. Raises as the client does."""

    def __init__(self, client: DataverseClient, shop: str, answered: Sequence[int]) -> None:
        self._client, self._shop, self._answered = client, shop, frozenset(answered)

    async def named(self, company: str, reference: str) -> list[HeldQuotation]:
        """The quote of a reference: by the id of its first revision."""
        first = await self._client.get(QUOTES, quote_id(self._shop, reference), COLUMNS)
        held = await self.last(company, str(first["quotenumber"])) if first is not None else None
        return [held] if held is not None else []

    async def by_number(self, company: str, number: str) -> HeldQuotation | None:
        """As `last`, for who asks alike in F&O."""
        return await self.last(company, number)

    async def last(self, company: str, number: str) -> HeldSalesQuote | None:
        """The last revision of this number; None when there is none. Raises `Doubled`."""
        rows = [row async for row in self._client.rows(
            QUOTES, select=COLUMNS, where=eq("quotenumber", number)
        )]  # fmt: skip
        if not rows:
            return None
        newest = max(whole(row, "revisionnumber") for row in rows)
        found = [row for row in rows if whole(row, "revisionnumber") == newest]
        if len(found) > 1:
            raise Doubled(
                f"Dynamics 365 Sales holds several quotes {number} of revision {newest}",
                remedy="Close or delete the one that is not of the web shop, then replay.",
            )
        won = [text(row, "quoteid") for row in rows if whole(row, "statecode") == WON]
        return await self._held(company, found[0], await self._order_of(won))

    async def listed(
        self, companies: Sequence[str], moment: datetime, until: datetime, _after: str
    ) -> AsyncIterator[Listed]:
        """Quotes that anybody has changed since, of any shop; their references are not told."""
        rows = self._client.rows(
            QUOTES, select=("quotenumber", "modifiedon"), where=since("modifiedon", moment),
            order_by="modifiedon asc,quoteid asc",
        )  # fmt: skip
        async for row in rows:
            at = instant_of(text(row, "modifiedon")) or until
            yield Listed(companies[0], text(row, "quotenumber"), "", min(at, until))

    async def find(self, wanted: SalesQuote) -> HeldSalesQuote | None:
        """Its last revision; None where it was never made. The id is ours, so it is ours."""
        first = await self._client.get(QUOTES, wanted.row_id, COLUMNS)
        if first is None:
            return None
        return await self.last(wanted.company, text(first, "quotenumber"))

    async def create(self, wanted: SalesQuote, *, not_after: datetime) -> str:
        """Make it with its lines, all or nothing; its number. Raises `AlreadyExists`."""
        first, *lines = made(wanted)
        row = await self._client.create_with(first, lines, COLUMNS[:2], not_after=not_after)
        return text(row, "quotenumber")

    async def revise(self, held: HeldSalesQuote, *, not_after: datetime) -> HeldSalesQuote:
        """A new Draft of one that is Active. Raises `Later` while it does not show: it is looked
        for again before another one is made."""
        await self._client.send(revised(held.row_id), not_after=not_after)
        draft = await self.last(held.company, held.number)
        if draft is None or draft.state != DRAFT:
            raise Later(f"the revision of quote {held.number} does not show yet", after=SOON)
        return draft

    async def change(
        self, held: HeldSalesQuote, writes: Sequence[RowWrite], *, not_after: datetime
    ) -> None:
        """Send changes of a Draft, all or none. Raises `Later` where a seller activated or closed
        it meanwhile."""
        if not writes:
            return
        try:
            await self._client.send_together(writes, not_after=not_after)
        except Never:
            now = await self._client.get(QUOTES, held.row_id, ("quoteid", "statecode"))
            if now is not None and whole(now, "statecode") != DRAFT:
                raise Later(f"quote {held.number} is no Draft any more", after=SOON) from None
            raise

    async def _held(self, company: str, row: Mapping[str, Any], order: str) -> HeldSalesQuote:
        row_id = text(row, "quoteid").lower()
        found = self._client.rows(LINES, select=LINE_COLUMNS, where=eq("_quoteid_value", row_id))
        lines = [one async for one in found]
        currency = await self._client.currencies.code_of(text(row, CURRENCY).lower())
        return held_of(company, row, lines, currency=currency, order=order, answered=self._answered)

    async def _order_of(self, won: Sequence[str]) -> str:
        """The order that became of a revision, also of one that was revised after it was won."""
        columns = ("salesorderid", "ordernumber")
        for row_id in won:
            where = eq("_quoteid_value", row_id)
            async for row in self._client.rows(ORDERS, select=columns, where=where, top=1):
                return text(row, "ordernumber") or "(no number)"
        return ""
