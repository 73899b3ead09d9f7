"""An order as `GET /V1/orders` answers it (2.4.4 to 2.4.9 and Cloud Service).

Amounts are in the order currency, four decimals at most after reading. `row_total` and
`row_total_incl_tax` are kept as answered, which is *not* price x quantity;
`sync/mapping/row_totals.py` recovers the true row.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from sync.commerce.models.fields import (
    Amount,
    Flag,
    Many,
    One,
    Some,
    Text,
    Whole,
)
from sync.commerce.models.item import Item
from sync.commerce.models.numbered_document import NumberedDocument
from sync.commerce.models.order_parts import OrderExtension, Payment, Shipping
from sync.commerce.models.postal_address import Address
from sync.core.errors import Never
from sync.core.money import ZERO


class Order(NumberedDocument):
    """A sales order of Commerce."""

    kind: ClassVar[str] = "order"

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
    charges_credited: frozenset[str] = frozenset()
    """Not of Commerce: names of charges for which F&O holds credit notes, so they stay
    sold."""
    adjustment_positive: Amount = ZERO
    adjustment_negative: Amount = ZERO
    is_virtual: Flag = False
    original_increment_id: Text = ""
    relation_parent_real_id: Text = ""
    relation_child_real_id: Text = ""
    ext_order_id: Text = ""
    quote_id: Whole = None
    billing_address: Annotated[Address | None, One] = None
    payment: Annotated[Payment, Some] = Payment()
    items: Annotated[list[Item], Many] = []
    extension_attributes: Annotated[OrderExtension, Some] = OrderExtension()

    @field_validator("customer_id")
    @classmethod
    def _nobody(cls, value: int | None) -> int | None:
        """Zero, as model data writes it, is no customer."""
        return value or None

    @classmethod
    def _must_be_readable(cls, document: dict[str, Any], what: str) -> None:
        """Hook and event payloads are the shop's model data: their row totals mean something else
        than REST's."""
        super()._must_be_readable(document, what)
        if "addresses" in document and "billing_address" not in document:
            raise Never(
                f"{what}: this is a webhook or event payload (it has `addresses`), whose amounts"
                " mean something else than those of REST",
                remedy=(
                    "Preview the order as REST answers it: GET /V1/orders/{entity_id}, or preview"
                    " orders --ids."
                ),
            )

    @property
    def company_id(self) -> int | None:
        """The B2B company whose buyer placed it; None for everybody else's."""
        company = self.extension_attributes.company_order_attributes
        return (company.company_id or None) if company is not None else None

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
