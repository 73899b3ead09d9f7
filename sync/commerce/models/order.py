"""An order as `GET /V1/orders` answers it (2.4.4 to 2.4.9 and Cloud Service).

Amounts are in the order currency, four decimals at most after reading. `row_total` and `row_total_incl_tax` are kept
as answered, which is *not* price x quantity; `sync/mapping/order_rows.py` recovers the true row.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator

from sync.commerce.models.fields import Amount, Document, Flag, Many, One, Text, Whole
from sync.encoding import NotJson, from_json
from sync.errors import Never
from sync.money import ZERO, stored


class Address(Document):
    """A snapshot of an address on an order, or an address of a customer."""

    firstname: Text = ""
    middlename: Text = ""
    lastname: Text = ""
    company: Text = ""
    street: Annotated[list[Text], Many] = []
    city: Text = ""
    postcode: Text = ""
    region: Text = ""
    region_code: Text = ""
    country_id: Text = ""
    telephone: Text = ""
    email: Text = ""
    vat_id: Text = ""

    @field_validator("street", mode="before")
    @classmethod
    def _lines(cls, value: Any) -> Any:
        return value.split("\n") if isinstance(value, str) else value

    @field_validator("region", mode="before")
    @classmethod
    def _region_name(cls, value: Any) -> Any:
        return value.get("region") if isinstance(value, dict) else value

    @property
    def name(self) -> str:
        """The person's name, or the company's when there is none."""
        return " ".join(part for part in (self.firstname, self.middlename, self.lastname) if part) or self.company


class FixedProductTax(Document):
    """One entry of `weee_tax_applied`: amounts of the whole row, net and gross."""

    row_amount: Amount = ZERO
    row_amount_incl_tax: Amount = ZERO


class ItemTax(Document):
    """One entry of an item's `itemized_taxes`."""

    tax_code: Text = ""


class ItemExtension(Document):
    """The parts of an item's extension attributes that bear money or tax."""

    itemized_taxes: Annotated[list[ItemTax], Many] = []
    gw_price: Amount = ZERO


class Item(Document):
    """One row of `items`. `qty_*` in pieces; which rows bear money is `order_rows.py`'s knowledge."""

    item_id: Whole = None
    parent_item_id: Whole = None
    sku: Text = ""
    name: Text = ""
    product_type: Text = ""
    is_virtual: Flag = False
    qty_ordered: Amount = ZERO
    qty_canceled: Amount = ZERO
    qty_invoiced: Amount = ZERO
    qty_shipped: Amount = ZERO
    price: Amount = ZERO
    price_incl_tax: Amount = ZERO
    row_total: Amount = ZERO
    row_total_incl_tax: Amount = ZERO
    row_invoiced: Amount = ZERO
    discount_amount: Amount = ZERO
    tax_amount: Amount = ZERO
    discount_tax_compensation_amount: Amount = ZERO
    weee_tax_applied_row_amount: Amount = ZERO
    weee_tax_applied: tuple[FixedProductTax, ...] = ()
    extension_attributes: Annotated[ItemExtension, One] = ItemExtension()

    @field_validator("weee_tax_applied", mode="before")
    @classmethod
    def _embedded_json(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value or ()
        try:
            return from_json(value or "[]") or ()
        except NotJson as error:
            raise ValueError(str(error)) from None

    @field_validator("extension_attributes", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return value or {}

    @property
    def fixed_product_tax_tax(self) -> Decimal:
        """Tax on the fixed product tax of the row; it stands in no numeric field."""
        return stored(sum((e.row_amount_incl_tax - e.row_amount for e in self.weee_tax_applied), ZERO))


class Payment(Document):
    """How it was or will be paid."""

    method: Text = ""
    po_number: Text = ""
    amount_authorized: Amount = ZERO
    amount_paid: Amount = ZERO
    base_amount_authorized: Amount = ZERO
    base_amount_paid_online: Amount = ZERO


class Shipping(Document):
    """Ship-to and method; absent for virtual orders."""

    address: Annotated[Address | None, One] = None
    method: Text = ""


class ShippingAssignment(Document):
    """Commerce has one; the model allows several."""

    shipping: Annotated[Shipping, One] = Shipping()

    @field_validator("shipping", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return value or {}


class AppliedTax(Document):
    """A tax code with its amount."""

    code: Text = ""
    percent: Amount = ZERO
    amount: Amount = ZERO


class ItemAppliedTax(Document):
    """Tax codes of one item, or of shipping (`type`)."""

    type: Text = ""
    item_id: Whole = None
    applied_taxes: Annotated[list[AppliedTax], Many] = []


class CompanyOrder(Document):
    """Present on orders of a B2B company's buyer only."""

    company_id: Whole = None


class OrderExtension(Document):
    """The parts of an order's extension attributes that the product reads."""

    shipping_assignments: Annotated[list[ShippingAssignment], Many] = []
    applied_taxes: Annotated[list[AppliedTax], Many] = []
    item_applied_taxes: Annotated[list[ItemAppliedTax], Many] = []
    company_order_attributes: Annotated[CompanyOrder | None, One] = None
    gift_cards_amount: Amount = ZERO
    customer_balance_amount: Amount = ZERO
    reward_currency_amount: Amount = ZERO
    gw_price: Amount = ZERO
    gw_items_price: Amount = ZERO
    gw_card_price: Amount = ZERO
    gw_tax_amount: Amount = ZERO
    gw_items_tax_amount: Amount = ZERO
    gw_card_tax_amount: Amount = ZERO


class Order(Document):
    """A sales order of Commerce. Identity: `entity_id` per installation, (`increment_id`, `store_id`) for people."""

    entity_id: Whole = None
    increment_id: Annotated[Text, Field(min_length=1, max_length=50)]
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
    is_virtual: Flag = False
    original_increment_id: Text = ""
    relation_parent_real_id: Text = ""
    relation_child_real_id: Text = ""
    ext_order_id: Text = ""
    billing_address: Annotated[Address | None, One] = None
    payment: Annotated[Payment, One] = Payment()
    items: Annotated[list[Item], Many] = []
    extension_attributes: Annotated[OrderExtension, One] = OrderExtension()
    raw: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)
    """The document as received, for totals of extensions that only the configuration knows."""

    @field_validator("payment", "extension_attributes", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return value or {}

    @classmethod
    def read(cls, document: Any) -> Self:
        """From parsed JSON. Raises `Never` that names every field that cannot be read (names, never contents)."""
        if not isinstance(document, dict):
            raise Never(
                f"an order is a JSON object, found {type(document).__name__}",
                remedy="Ask Commerce for the order again.",
            )
        _refuse_model_data(document)
        try:
            return cls.model_validate({**document, "raw": document})
        except ValidationError as error:
            faults = "; ".join(
                f"{_path(fault['loc'])}: {_what(fault)}"
                for fault in error.errors(include_input=False, include_url=False)
            )
            number = document.get("increment_id")
            raise Never(
                f"order {number if isinstance(number, str | int) else '(no increment_id)'} cannot be read: {faults}",
                remedy="Look at these fields of the order in Commerce (GET /V1/orders) and at the extension that writes them.",
            ) from None

    @property
    def key(self) -> str:
        """`<increment_id>@<store_id>`: increment ids are unique per store view only."""
        return f"{self.increment_id}@{self.store_id if self.store_id is not None else '?'}"

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
    """Commerce's `YYYY-MM-DD hh:mm:ss`, which is UTC without saying so; None when it is something else."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _path(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _what(fault: Any) -> str:
    return "is missing" if fault["type"] == "missing" else str(fault["msg"]).removeprefix("Value error, ")


def _refuse_model_data(document: dict[str, Any]) -> None:
    """Hook and event payloads are the shop's model data: their row totals mean something else than REST's."""
    if "addresses" in document and "billing_address" not in document:
        raise Never(
            f"order {document.get('increment_id', '')}: this is a webhook or event payload (it has `addresses`), whose amounts mean "
            "something else than those of REST",
            remedy="Preview the order as REST answers it: GET /V1/orders/{entity_id}, or preview orders --ids.",
        )
