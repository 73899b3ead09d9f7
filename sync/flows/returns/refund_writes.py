"""A refund of Commerce as a write: made once, found again by its comment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.refund import WantedRefund, is_marked, marker_of, markers_in
from sync.core.money import rounded, total
from sync.core.request import Request
from sync.engine.systems import Systems
from sync.engine.write import Found, Target, Write
from sync.mapping.refund_case import Given, RefundCase

KIND = "refund"


def amount_of(memo: Mapping[str, Any]) -> Decimal:
    """What a credit memo gives back: money, and what goes to gift cards, credit and points."""
    read = CreditMemo.read(dict(memo))
    more = read.extension_attributes
    ways = (more.gift_cards_amount, more.customer_balance_amount, more.reward_currency_amount)
    return rounded(read.grand_total + total(abs(one) for one in ways))


@dataclass(frozen=True)
class RefundWrite(Write):
    """One refund of a credit note: of one invoice, or of the order."""

    is_one_request = True
    shows_late: ClassVar[bool] = True
    wanted: WantedRefund
    case: RefundCase
    given: Given
    systems: Systems
    target: Target

    @property
    def kind(self) -> str:  # type: ignore[override]
        """One per invoice, so that each is made once."""
        invoice = self.wanted.invoice_id
        return KIND if invoice is None else f"{KIND}_{invoice}"

    @property
    def moves_money(self) -> bool:  # type: ignore[override]
        """Where a gateway pays it out."""
        return self.wanted.moves_money

    @property
    @override
    def reference(self) -> str:
        return self.wanted.marker

    @property
    @override
    def document(self) -> Any:
        return {"marker": self.wanted.marker, "invoice": self.wanted.invoice_id}

    @override
    def requests(self) -> Sequence[Request]:
        return [self.wanted.request()]

    @override
    async def find(self) -> Found | None:
        """By its comment; else the one that a person gave before, and marked for this return."""
        memos = await self.systems.commerce.creditmemos.of_order(self.wanted.order_id)
        ours = [memo for memo in memos if memo.get("invoice_id") == self.wanted.invoice_id]
        for memo in ours:
            if is_marked(memo, [self.wanted.marker]):
                return Found(str(memo["entity_id"]), label=_label(memo), content=True)
        bare = [marker_of(self.case.found.rma.increment_id)]
        for memo in ours:
            if markers_in(memo) == bare and amount_of(memo) == self.given.amount:
                return Found(str(memo["entity_id"]), label=_label(memo), content=False)
        return None

    @override
    async def create(self, not_after: datetime) -> Found:
        made = await self.systems.commerce.refunds.make(self.wanted, not_after=not_after)
        return Found(str(made), label=f"credit memo id {made}", content=True)

    @override
    def is_whole(self, found: Found) -> bool:
        return bool(found.content)

    @override
    async def complete(self, found: Found, not_after: datetime) -> Found:
        refunds = self.systems.commerce.refunds
        await refunds.comment(int(found.number), self.wanted.marker, not_after=not_after)
        return found


def _label(memo: Mapping[str, Any]) -> str:
    return f"credit memo {memo['increment_id']}"
