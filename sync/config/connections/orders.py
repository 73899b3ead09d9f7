"""How orders become sales orders: stores, posting policy, and what Commerce's codes mean in
D365."""

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import Field

from sync.config.connections.section import (
    Amount,
    Company,
    Moment,
    NumberMode,
    Section,
    Whole,
    YesNo,
)


class Store(Section):
    """What one store view means in D365. Absent fields fall back to `stores.default`."""

    company: Company | None = None
    site: str | None = None
    warehouse: str | None = None
    origin: str | None = None
    prices_include_tax: YesNo | None = None
    guest_account: str | None = None
    language: str | None = None


class Posting(StrEnum):
    """From which payment state on an order is posted."""

    ALWAYS = "always"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    NEVER = "never"


class Payment(Section):
    """A Commerce payment method in D365. `method` and `terms` empty: the customer's own apply."""

    method: str = ""
    terms: str = ""
    posting: Posting | None = None


class TaxGroups(Section):
    """What a set of Commerce tax codes means in D365. Empty: the customer's or the item's own group
    applies."""

    group: str = ""
    item_group: str = ""


def tax_codes_in(key: str) -> tuple[str, ...]:
    """The codes that a key of `orders.taxes` joins with "+", sorted: their order in the key does
    not matter."""
    return tuple(sorted(code.strip() for code in key.split("+")))


class SegmentHome(Section):
    """Where a part of the grand total goes.

    `item`: a line of that service item. `payment`: it was a way to pay, so it is not on the sales
    order and is subtracted when totals are proved. `field`, `tax_field`: where the amount stands in
    the order, for totals of extensions (dotted path; a list is summed), in the order's currency.
    """

    item: str | None = None
    payment: str | None = None
    field: str | None = None
    tax_field: str | None = None
    negative: YesNo = False


class Orders(Section):
    """How orders become sales orders."""

    numbers: NumberMode = NumberMode.THEIRS
    number_template: str = "{store_id}-{increment_id}"
    reference_template: str = "{store_id}-{increment_id}"
    posting: Posting = Posting.ALWAYS
    hold_statuses: tuple[str, ...] = ("fraud", "payment_review", "holded")
    """Statuses of Commerce in which an order is not posted, whatever its state."""
    stop_processing: YesNo = False
    """Whether an order that goes on hold after it was posted is stopped in F&O
    (`IsSalesProcessingStopped`)."""
    placed_from: Moment | None = None
    oldest_days: Whole | None = Field(default=None, ge=1)
    freight_item: str = "FREIGHT"
    rounding_item: str = "ROUNDING"
    rounding_most: Amount = Decimal("0.05")
    fpt_item: str = "FPT"
    adjustment_refund_item: str = "REFUNDADJ"
    adjustment_fee_item: str = "REFUNDFEE"
    lock_prices: YesNo = False
    discounts: Literal["field", "price"] = "field"
    """How a line's discount is sent: in `LineDiscountAmount`, which is taken off the price, or as
    part of the price, where F&O reckons that field otherwise; `check` compares. Only before the
    first order is it changed without amending others."""
    note_field: Literal["", "SalesOrderName", "URL"] = ""
    po_field: Literal["CustomerRequisitionNumber", ""] = "CustomerRequisitionNumber"
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)
    payments: dict[str, Payment] = {}
    deliveries: dict[str, str] = {}
    taxes: dict[str, TaxGroups] = {}
    segments: dict[str, SegmentHome] = {}
