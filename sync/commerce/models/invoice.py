"""Invoices and credit memos as REST answers them. Their row totals are true: REST rewrites those of orders only.

Amounts are in the order currency. A refund's may have four decimals where shipping was discounted.
"""

from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator

from sync.commerce.models.fields import Amount, Document, Many, One, Text, Whole
from sync.errors import Never
from sync.money import ZERO


class DocumentItem(Document):
    """A row of an invoice or credit memo. Rows that bear no money have no `row_total`."""

    order_item_id: Whole = None
    sku: Text = ""
    name: Text = ""
    qty: Amount = ZERO
    row_total: Amount = ZERO
    tax_amount: Amount = ZERO
    discount_amount: Amount = ZERO
    discount_tax_compensation_amount: Amount = ZERO
    weee_tax_applied_row_amount: Amount = ZERO


class DocumentExtension(Document):
    """What was paid or given back otherwise, and wrapping."""

    gift_cards_amount: Amount = ZERO
    customer_balance_amount: Amount = ZERO
    reward_currency_amount: Amount = ZERO
    gw_price: Amount = ZERO
    gw_items_price: Amount = ZERO
    gw_card_price: Amount = ZERO


class MoneyDocument(Document):
    """What invoices and credit memos have in common. Identity: `entity_id`; people say `increment_id`."""

    entity_id: Whole = None
    increment_id: Annotated[Text, Field(min_length=1, max_length=50)]
    order_id: Annotated[int, Field(ge=1)]
    store_id: Whole = None
    state: Whole = None
    created_at: Text = ""
    updated_at: Text = ""
    order_currency_code: Annotated[Text, Field(pattern=r"^[A-Z]{3}$")]
    subtotal: Amount = ZERO
    discount_amount: Amount = ZERO
    discount_tax_compensation_amount: Amount = ZERO
    shipping_amount: Amount = ZERO
    shipping_tax_amount: Amount = ZERO
    tax_amount: Amount = ZERO
    grand_total: Amount
    transaction_id: Text = ""
    items: Annotated[list[DocumentItem], Many] = []
    extension_attributes: Annotated[DocumentExtension, One] = DocumentExtension()
    raw: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)

    @field_validator("extension_attributes", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return value or {}

    @classmethod
    def read(cls, document: Any) -> Self:
        """From parsed JSON. Raises `Never` that names every field that cannot be read (names, never contents)."""
        what = cls.__name__.lower().replace("creditmemo", "credit memo")
        if not isinstance(document, dict):
            raise Never(
                f"a {what} is a JSON object, found {type(document).__name__}",
                remedy="Ask Commerce for the document again.",
            )
        try:
            return cls.model_validate({**document, "raw": document})
        except ValidationError as error:
            names = sorted({".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)})
            raise Never(
                f"{what} {document.get('increment_id', '(no increment_id)')} cannot be read: {', '.join(names)}",
                remedy="Look at these fields of the document in Commerce and at the extension that writes them.",
            ) from None

    @property
    def key(self) -> str:
        """`<increment_id>@<store_id>`."""
        return f"{self.increment_id}@{self.store_id if self.store_id is not None else '?'}"


class Invoice(MoneyDocument):
    """`state`: 1 open, 2 paid, 3 cancelled."""

    shipping_discount_tax_compensation_amount: Amount = ZERO


class CreditMemo(MoneyDocument):
    """`state`: 1 open, 2 refunded, 3 cancelled. Its `discount_tax_compensation_amount` includes that of shipping."""

    invoice_id: Whole = None
    adjustment_positive: Amount = ZERO
    adjustment_negative: Amount = ZERO
    adjustment: Amount = ZERO
