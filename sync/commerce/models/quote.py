"""A negotiable quote: a cart with a state of its own, as `GET /V1/carts/{id}` answers it (reference
3.8, 6.1). What is shown of cost stands in the totals, and is never read."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final

from sync.commerce.models.customer import CustomerExtension
from sync.commerce.models.fields import Amount, Document, Flag, Many, One, Some, Text, Whole
from sync.commerce.models.order_parts import Shipping, ShippingAssignment
from sync.commerce.models.postal_address import Address
from sync.commerce.models.record_by_id import RecordById
from sync.core.encoding import digest
from sync.core.money import ZERO

CREATED, ORDERED, EXPIRED = "created", "ordered", "expired"
DECLINED, CLOSED = "declined", "closed"
OFFERED: Final = "submitted_by_admin"
SELLERS_TURN: Final = frozenset({CREATED, "processing_by_admin", "submitted_by_customer"})
"""Alone in these the seller may change, submit or decline a quote."""
BUYERS_TURN: Final = frozenset({OFFERED, "processing_by_customer"})
OVER: Final = frozenset({ORDERED, DECLINED, CLOSED, EXPIRED})
BUYER: Final = 3
"""`creator_type` of what a buyer wrote."""


class ItemNote(Document):
    """What buyer or seller wrote of one item; from 2.4.7 on."""

    creator_type: Whole = None
    note: Text = ""


class ItemNotes(Document):
    """What was written of one item last."""

    last_item_notes: Annotated[list[ItemNote], Many] = []


class NegotiatedItem(Document):
    """An item before the negotiation. `original_price` is in the base currency."""

    original_price: Amount = ZERO
    extension_attributes: Annotated[ItemNotes, Some] = ItemNotes()


class ItemExtension(Document):
    """The part of an item's extension attributes that the product reads."""

    negotiable_quote_item: Annotated[NegotiatedItem, Some] = NegotiatedItem()


class QuoteItem(Document):
    """An item of a cart; prices in the quote's currency, quantities in pieces."""

    item_id: Whole = None
    sku: Text = ""
    name: Text = ""
    qty: Amount = ZERO
    price: Amount = ZERO
    product_option: Any = None
    extension_attributes: Annotated[ItemExtension, Some] = ItemExtension()

    @property
    def negotiated(self) -> NegotiatedItem:
        """What the quote adds to it."""
        return self.extension_attributes.negotiable_quote_item

    @property
    def notes_of_buyer(self) -> list[str]:
        """What the buyer wrote of it."""
        notes = self.negotiated.extension_attributes.last_item_notes
        return [one.note for one in notes if one.creator_type == BUYER and one.note]


class Negotiation(Document):
    """The state of a quote. `expiration_period` is a day in the shop's time zone."""

    is_regular_quote: Flag = False
    status: Text = ""
    quote_name: Text = ""
    expiration_period: Text = ""


class QuoteExtension(Document):
    """The part of a cart's extension attributes that the product reads."""

    negotiable_quote: Annotated[Negotiation | None, One] = None
    shipping_assignments: Annotated[list[ShippingAssignment], Many] = []


class Buyer(Document):
    """The customer of a cart."""

    id: Whole = None
    email: Text = ""
    firstname: Text = ""
    lastname: Text = ""
    extension_attributes: Annotated[CustomerExtension, Some] = CustomerExtension()


class Rates(Document):
    """Currencies of a cart. A negotiated price is in the base currency."""

    base_currency_code: Text = ""
    quote_currency_code: Text = ""
    base_to_quote_rate: Amount = ZERO


class Attached(Document):
    """A file that came with a comment."""

    attachment_id: Whole = None
    file_name: Text = ""


class Comment(Document):
    """What buyer or seller said of a quote; the shop escapes its text for HTML."""

    entity_id: Whole = None
    creator_type: Whole = None
    creator_id: Whole = None
    comment: Text = ""
    created_at: Text = ""
    is_draft: Flag = False
    attachments: Annotated[list[Attached], Many] = []


class Quote(RecordById):
    """A cart, which is a quote where it is negotiated."""

    kind: ClassVar[str] = "quote"
    endpoint: ClassVar[str] = "/V1/carts/{id}"

    store_id: Whole = None
    updated_at: Text = ""
    is_virtual: Flag = False
    items: Annotated[list[QuoteItem], Many] = []
    customer: Annotated[Buyer, Some] = Buyer()
    currency: Annotated[Rates, Some] = Rates()
    billing_address: Annotated[Address | None, One] = None
    extension_attributes: Annotated[QuoteExtension, Some] = QuoteExtension()

    @property
    def key(self) -> str:
        """Ids of carts are unique per installation."""
        return str(self.id)

    @property
    def label(self) -> str:
        """For messages."""
        return f"quote {self.id}"

    @property
    def negotiation(self) -> Negotiation:
        """Its state; an empty one of a cart that nobody negotiates."""
        return self.extension_attributes.negotiable_quote or Negotiation()

    @property
    def is_negotiated(self) -> bool:
        """Whether it is a quote at all."""
        return self.negotiation.is_regular_quote

    @property
    def status(self) -> str:
        """Where the negotiation stands."""
        return self.negotiation.status

    @property
    def is_sellers_turn(self) -> bool:
        """Whether the seller may answer."""
        return self.status in SELLERS_TURN

    @property
    def shipping(self) -> Shipping:
        """Ship-to and method, as far as they are chosen."""
        found = self.extension_attributes.shipping_assignments
        return found[0].shipping if found else Shipping()

    @property
    def company_id(self) -> int | None:
        """The company that its buyer buys for."""
        company = self.customer.extension_attributes.company_attributes
        return (company.company_id or None) if company is not None else None

    @property
    def fingerprint(self) -> str:
        """What shows a change that F&O has to know."""
        items = sorted(
            (str(one.item_id), one.sku, str(one.qty.normalize()), *one.notes_of_buyer)
            for one in self.items
        )
        state = self.negotiation
        return digest([state.status, state.expiration_period, state.quote_name, items])


class ShownItem(Document):
    """An item of a cart's totals, in the quote's currency."""

    item_id: Whole = None
    qty: Amount = ZERO
    row_total: Amount = ZERO
    row_total_incl_tax: Amount = ZERO
    tax_percent: Amount = ZERO
    discount_amount: Amount = ZERO


class ShownTotals(Document):
    """What the shop shows of a quote, as `GET /V1/carts/{id}/totals` answers it."""

    subtotal: Amount = ZERO
    subtotal_incl_tax: Amount = ZERO
    discount_amount: Amount = ZERO
    shipping_amount: Amount = ZERO
    shipping_incl_tax: Amount = ZERO
    quote_currency_code: Text = ""
    items: Annotated[list[ShownItem], Many] = []


def last_of_buyer(comments: Sequence[Comment]) -> Comment | None:
    """What the buyer said last; None where nothing was said."""
    said = [one for one in comments if one.creator_type == BUYER and not one.is_draft]
    return max(said, key=lambda one: one.entity_id or 0, default=None)
