"""An RMA as `GET /V1/returns` answers it. What is null was not loaded; it is never empty."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, ClassVar, Final

from pydantic import BeforeValidator, Field

from sync.commerce.models.fields import Amount, Document, Flag, Text, Whole, whole_from
from sync.commerce.models.numbered_document import NumberedDocument
from sync.core.money import ZERO

PENDING, AUTHORIZED, RECEIVED = "pending", "authorized", "received"
APPROVED, REJECTED, DENIED = "approved", "rejected", "denied"
CLOSED, PROCESSED = "closed", "processed_closed"
OVER: Final = frozenset({DENIED, CLOSED, PROCESSED})
"""Statuses after which nothing comes."""
ITEM_STATES: Final[Sequence[str]] = (PENDING, AUTHORIZED, RECEIVED, APPROVED, REJECTED, DENIED)
"""In the order in which an item passes them; the last three end it."""


class RmaItem(Document):
    """What comes back of an order's row. Quantities are whole pieces."""

    entity_id: Whole = None
    order_item_id: Whole = None
    qty_requested: Amount = ZERO
    qty_authorized: Amount = ZERO
    qty_returned: Amount = ZERO
    qty_approved: Amount = ZERO
    reason: Text = ""
    resolution: Text = ""
    status: Text = ""

    @property
    def wanted(self) -> Decimal:
        """Pieces that may come back: what the shop has authorised, else what was asked for."""
        return self.qty_authorized or self.qty_requested


class RmaComment(Document):
    """A comment of an RMA."""

    comment: Text = ""
    visible_on_front: Flag = False


class RmaTrack(Document):
    """A tracking number of an RMA."""

    track_number: Text = ""


class Rma(NumberedDocument):
    """A request to send goods of an order back, by its customer, a guest or the shop's staff."""

    kind: ClassVar[str] = "return"

    order_id: Annotated[int, BeforeValidator(whole_from), Field(ge=1)]
    status: Text = ""
    date_requested: Text = ""
    items: list[RmaItem] | None = None
    comments: list[RmaComment] | None = None
    tracks: list[RmaTrack] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it in Commerce."""
        return self.status in OVER

    @property
    def texts(self) -> set[str]:
        """Its comments."""
        return {one.comment for one in self.comments or ()}

    @property
    def track_numbers(self) -> set[str]:
        """Its tracking numbers."""
        return {one.track_number for one in self.tracks or ()}
