"""What happens in Commerce when F&O cancels an order, or a part of it."""

from typing import Literal

from pydantic import Field

from sync.config.connections.section import Section, Whole, YesNo


class Cancellations(Section):
    """How cancellations are shown, and which of them give money back by themselves."""

    refunds: dict[str, Literal["report", "record", "online"]] = {}
    """Payment method -> what becomes of pieces that were charged and will not be sent; `*` for all
    others. `report`: a person decides. `record`: a credit memo is made, and a person
    gives the money back. `online`: the gateway gives it back. Where none is named: `report`."""
    comment: str = Field(default="No longer available: {items}", max_length=200)
    """The order's comment about pieces that are cancelled while others are still sent. `{items}`:
    pieces and SKUs."""
    visible: YesNo = False
    """Whether the buyer finds that comment in the account; nobody is told of it by mail."""
    events: tuple[str, ...] = ()
    """Business events of the customer's own that name a sales order by `SalesOrderId`. Polls find
    what no event tells."""
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)

    def refund_of(self, method: str) -> str:
        """What becomes of charged pieces that were paid by a method."""
        return self.refunds.get(method, self.refunds.get("*", "report"))
