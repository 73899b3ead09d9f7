"""The seller's answer to a quote as a write: prices are written, the shop's own totals are proved
against what F&O approved, and only then the quote goes to the buyer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce.models.quote import DECLINED, OFFERED, Quote, ShownTotals
from sync.commerce.quotes import declined, file_body, recalculated, saved, submitted
from sync.core.errors import Later, Never
from sync.core.request import Request
from sync.dynamics.documents.account_file import SHOWN, AccountFile
from sync.dynamics.documents.quotation import HeldQuotation
from sync.engine.systems import Systems
from sync.engine.write import Amendment, Found, Target, Write
from sync.flows.quotes.quote_records import AGE, ANSWER
from sync.mapping.quote_answer import Answer
from sync.mapping.quote_files import for_buyer, must_be_allowed, must_fit
from sync.mapping.quote_prices import changes, faults, proof

BY_HAND = (
    "Compare the quote in Commerce (Sales > Quotes) with the quotation. If the shop means a"
    ' proposed price with tax, write amounts = "gross" under quotes in connections.toml; if it'
    ' cannot show prices of items, prices = "total"; if it can, and items have several tax rates,'
    ' prices = "items". Else answer it there by hand, then run: skip'
    " quote_answers"
)


@dataclass(frozen=True)
class QuoteWrite(Write):
    """The quote as the buyer is to see it. It is there already."""

    quote: Quote
    systems: Systems
    target: Target

    kind: ClassVar[str] = ANSWER

    @property
    @override
    def reference(self) -> str:
        return self.quote.key

    @property
    @override
    def placed(self) -> Any:
        return None

    @override
    async def find(self) -> Found | None:
        return Found(self.quote.key)

    @override
    async def create(self, not_after: datetime) -> Found:
        raise TypeError(f"a quote is never made by us: {self.quote.key}")

    async def fresh(self) -> Quote:
        """The quote as Commerce has it now."""
        row = await self.systems.commerce.quotes.by_id(self.quote.id)
        return self.quote if row is None else Quote.read(row)

    def must_be_sellers_turn(self, quote: Quote) -> None:
        """Raise `Later` where the buyer has taken their turn since it was planned."""
        if not quote.is_sellers_turn:
            raise Later(f"{quote.label} is {quote.status} by now", after=AGE, counts=False)


@dataclass(frozen=True)
class AnswerWrite(QuoteWrite, Write):
    """Prices that F&O approved. They are proved after the shop has taken its prices and taxes of
    today, as it does once more when the answer is submitted. `files` go along."""

    answer: Answer
    before: ShownTotals
    version: str = ""
    files: tuple[AccountFile, ...] = ()

    @property
    @override
    def document(self) -> Any:
        files = {"files": [[one.id, one.file_name] for one in self.files]} if self.files else {}
        return {**self.answer.document, "version": self.version, **files}

    @override
    def requests(self) -> Sequence[Request]:
        first = changes(self.quote, self.answer, self.before, self.systems.settings.quotes)[0]
        files = [file_body(one.file_name, SHOWN) for one in self.files]
        return [
            saved(self.quote.id, first), recalculated(self.quote.id),
            submitted(self.quote.id, self.answer.comment, files),
        ]  # fmt: skip

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        """What a lost answer has sent already is not sent again: the buyer sees it then."""
        quote = await self.fresh()
        if await is_shown(quote, self.answer, self.systems):
            return Amendment(self.document)
        self.must_be_sellers_turn(quote)

        async def apply(not_after: datetime) -> None:
            files = await self._contents()
            await self._prove(quote, not_after)
            last = submitted(quote.id, self.answer.comment, files)
            await self.systems.commerce.quotes.send([last], not_after=not_after)

        return Amendment(self.document, apply)

    async def _contents(self) -> list[dict[str, str]]:
        """The files that go along. Raises `Never` for one that is gone or too large."""
        source, found = self.systems.dynamics.account_files, list[dict[str, str]]()
        for file in self.files:
            content = await source.content(self.answer.company, file)
            must_fit(self.quote.label, file.file_name, content, self.systems.settings.quotes)
            found.append(file_body(file.file_name, content))
        return found

    async def _prove(self, quote: Quote, not_after: datetime) -> None:
        """Write prices until the shop's totals are those that were approved. Raises `Never` where
        they never are; the buyer has seen nothing then."""
        settings, found = self.systems.settings.quotes, list[str]()
        for change in changes(quote, self.answer, self.before, settings):
            by_item = "negotiated_price_type" not in _state(change)
            steps = [saved(quote.id, change), recalculated(quote.id)]
            await self.systems.commerce.quotes.send(steps, not_after=not_after)
            shown = await shown_of(quote, self.systems)
            found = faults(self.answer, shown, by_item=by_item)
            if not found:
                return
        sums = proof(self.answer, shown)
        raise Never(
            f"{quote.label}: Commerce shows {sums.commerce:.2f} {sums.currency} where quotation"
            f" {self.answer.number} is approved at {sums.dynamics:.2f}: {'; '.join(found)}. The"
            " buyer has not seen it",
            remedy=f'{BY_HAND} {quote.key} --why "..."',
        )


@dataclass(frozen=True)
class DeclineWrite(QuoteWrite, Write):
    """A quote that gets no offer: its quotation was lost, cancelled, or ordered in F&O."""

    quotation: str
    reason: str

    @property
    @override
    def document(self) -> Any:
        return {"quotation": self.quotation, "declined": self.reason}

    @override
    def requests(self) -> Sequence[Request]:
        return [declined(self.quote.id, self.reason)]

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        quote = await self.fresh()
        if quote.status == DECLINED:
            return Amendment(self.document)
        self.must_be_sellers_turn(quote)

        async def apply(not_after: datetime) -> None:
            await self.systems.commerce.quotes.send(self.requests(), not_after=not_after)

        return Amendment(self.document, apply)


async def shown_of(quote: Quote, systems: Systems) -> ShownTotals:
    """What the shop shows of a quote."""
    return ShownTotals.model_validate(await systems.commerce.quotes.totals(quote.id))


async def files_of(quote: Quote, held: HeldQuotation, systems: Systems) -> tuple[AccountFile, ...]:
    """Files for the buyer, of the quotation's account. Raises `Never` for what the shop refuses."""
    settings = systems.settings.quotes
    if settings.files == "none":
        return ()
    there = await systems.dynamics.account_files.of(held.company, held.account)
    found = for_buyer(there, held.number, held.reference)
    if quote.is_sellers_turn:
        must_be_allowed(quote.label, found, settings)
    return tuple(found)


async def is_shown(quote: Quote, answer: Answer, systems: Systems) -> bool:
    """Whether the buyer has this very answer before them."""
    if quote.status != OFFERED:
        return False
    expires = str(answer.expires or "")
    if expires and quote.negotiation.expiration_period[:10] != expires:
        return False
    return not faults(answer, await shown_of(quote, systems), by_item=False)


def _state(change: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = change["extension_attributes"]["negotiable_quote"]
    return found
