"""An order as `GET /V1/orders` answers it (2.4.4 to 2.4.9 and Cloud Service).

Amounts are in the order currency, four decimals at most after reading. `row_total` and
`row_total_incl_tax` are kept as answered, which is *not* price x quantity;
`sync/mapping/row_totals.py` recovers the true row.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self

from pydantic import Field, ValidationError, field_validator

from sync.commerce.models.faults import field_faults
from sync.commerce.models.fields import (
    Amount,
    Code,
    Document,
    Flag,
    Many,
    One,
    Some,
    Text,
    Whole,
    is_too_deep,
    text_from,
)
from sync.commerce.models.item import Item
from sync.commerce.models.order_parts import OrderExtension, Payment, Shipping
from sync.commerce.models.postal_address import Address
from sync.core.errors import Never
from sync.core.money import ZERO

NUMBER: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,50}")


class Order(Document):
    """A sales order of Commerce. Identity: `entity_id` per installation, (`increment_id`,
    `store_id`) for people."""

    entity_id: Whole = None
    increment_id: Code
    store_id: Whole = None
    state: Text = ""
    status: Text = ""
    created_at: Text = ""
    updated_at: Text = ""
    customer_id: Whole = None
    customer_is_guest: Flag = False
    customer_email: Text = ""
    customer_firstname: Text = ""
    customer_lastname: Text = ""
    customer_taxvat: Text = ""
    customer_group_id: Whole = None
    customer_note: Text = ""
    coupon_code: Text = ""
    order_currency_code: Annotated[Text, Field(pattern=r"^[A-Z]{3}$")]
    base_currency_code: Text = ""
    subtotal: Amount = ZERO
    discount_amount: Amount = ZERO
    discount_tax_compensation_amount: Amount = ZERO
    shipping_amount: Amount = ZERO
    shipping_tax_amount: Amount = ZERO
    shipping_discount_amount: Amount = ZERO
    shipping_discount_tax_compensation_amount: Amount = ZERO
    tax_amount: Amount = ZERO
    grand_total: Amount
    total_paid: Amount = ZERO
    total_due: Amount = ZERO
    total_invoiced: Amount = ZERO
    total_refunded: Amount = ZERO
    total_canceled: Amount = ZERO
    shipping_refunded: Amount = ZERO
    shipping_tax_refunded: Amount = ZERO
    discount_refunded: Amount = ZERO
    adjustment_positive: Amount = ZERO
    adjustment_negative: Amount = ZERO
    is_virtual: Flag = False
    original_increment_id: Text = ""
    relation_parent_real_id: Text = ""
    relation_child_real_id: Text = ""
    ext_order_id: Text = ""
    billing_address: Annotated[Address | None, One] = None
    payment: Annotated[Payment, Some] = Payment()
    items: Annotated[list[Item], Many] = []
    extension_attributes: Annotated[OrderExtension, Some] = OrderExtension()
    raw: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)
    """The document as received, for totals of extensions that only the configuration knows."""

    @field_validator("customer_id")
    @classmethod
    def _nobody(cls, value: int | None) -> int | None:
        """Zero, as model data writes it, is no customer."""
        return value or None

    @field_validator("increment_id")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not NUMBER.fullmatch(value):
            raise ValueError("expected 1 to 50 printable characters")
        return value

    @classmethod
    def read(cls, document: Any) -> Self:
        """From parsed JSON. Raises `Never` that names every field that cannot be read (names, never
        contents)."""
        if not isinstance(document, dict):
            raise Never(
                f"an order is a JSON object, found {type(document).__name__}",
                remedy="Ask Commerce for the order again.",
            )
        number = number_of(document) or "(no increment_id)"
        if is_too_deep(document):
            raise Never(
                f"order {number} cannot be read: it is nested deeper than any order",
                remedy=(
                    "Look at the extension attributes of the order in Commerce (GET /V1/orders) and"
                    " at what writes them."
                ),
            )
        _refuse_model_data(document, number)
        try:
            return cls.model_validate({**document, "raw": document})
        except ValidationError as error:
            raise Never(
                f"order {number} cannot be read: {field_faults(error)}",
                remedy=(
                    "Look at these fields of the order in Commerce (GET /V1/orders) and at the"
                    " extension that writes them."
                ),
            ) from None

    @property
    def key(self) -> str:
        """`<increment_id>@<store_id>`: increment ids are unique per store view only."""
        return f"{self.increment_id}@{self.store_id if self.store_id is not None else '?'}"

    @property
    def company_id(self) -> int | None:
        """The B2B company whose buyer placed it; None for everybody else's."""
        company = self.extension_attributes.company_order_attributes
        return (company.company_id or None) if company is not None else None

    @property
    def label(self) -> str:
        """For messages."""
        return f"order {self.increment_id}"

    @property
    def shipping(self) -> Shipping:
        """Ship-to and method; empty for virtual orders."""
        assignments = self.extension_attributes.shipping_assignments
        return assignments[0].shipping if assignments else Shipping()

    @property
    def placed_at(self) -> datetime | None:
        """When it was placed, aware UTC; None when the document does not say."""
        return utc(self.created_at)


def utc(stamp: str) -> datetime | None:
    """Commerce's `YYYY-MM-DD hh:mm:ss`, which is UTC without saying so; None when it is something
    else."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def number_of(document: Any) -> str:
    """The increment id of a document that may be no order at all; empty when it has none that could
    be one."""
    try:
        text = text_from(document.get("increment_id")) if isinstance(document, dict) else ""
    except ValueError:
        text = ""
    return text if NUMBER.fullmatch(text) else ""


def _refuse_model_data(document: dict[str, Any], number: str) -> None:
    """Hook and event payloads are the shop's model data: their row totals mean something else than
    REST's."""
    if "addresses" in document and "billing_address" not in document:
        raise Never(
            f"order {number}: this is a webhook or event payload (it has `addresses`), whose"
            " amounts mean something else than those of REST",
            remedy=(
                "Preview the order as REST answers it: GET /V1/orders/{entity_id}, or preview"
                " orders --ids."
            ),
        )
