"""Invoices and credit memos as REST answers them. Their row totals are true: REST rewrites those of
orders only.

Amounts are in the order currency. A refund's may have four decimals where shipping was discounted.
"""

from typing import Annotated, ClassVar, Final

from pydantic import BeforeValidator, Field

from sync.commerce.models.fields import (
    Amount,
    Code,
    Document,
    Many,
    Some,
    Text,
    Whole,
    whole_from,
)
from sync.commerce.models.numbered_document import NumberedDocument
from sync.core.money import ZERO

OPEN: Final = 1
"""State of an invoice whose money has not come yet."""

PAID: Final = 2
"""State of an invoice that is paid."""

REFUNDED: Final = 2
"""State of a credit memo that is refunded."""

CANCELLED: Final = 3
"""State of an invoice or credit memo that is cancelled."""

MARKER: Final = "F&O invoice "
"""How the comment of an invoice begins that was made of one of F&O's; its number follows."""
ORDER_MARKER: Final = "F&O sales order "
"""The same of an invoice that was made of a whole order, at its first shipment."""
VOUCHER: Final = ", voucher "


def marker_of(number: str, voucher: str = "") -> str:
    """The comment by which the invoice of F&O's `number` is known, as buyers read it."""
    return f"{MARKER}{number}{VOUCHER if voucher else ''}{voucher}"


class DocumentItem(Document):
    """A row of an invoice or credit memo. Rows without an amount have no `row_total`."""

    order_item_id: Whole = None
    sku: Code = ""
    name: Text = ""
    qty: Amount = ZERO
    row_total: Amount = ZERO
    tax_amount: Amount = ZERO
    discount_amount: Amount = ZERO
    discount_tax_compensation_amount: Amount = ZERO
    weee_tax_applied_row_amount: Amount = ZERO

    @property
    def bears_money(self) -> bool:
        """Whether the row is worth a line: parents of bundles and children of configurables are
        listed as well."""
        return bool(self.row_total or self.tax_amount or self.discount_amount)


class DocumentExtension(Document):
    """What was paid or given back otherwise, and wrapping with its tax."""

    gift_cards_amount: Amount = ZERO
    customer_balance_amount: Amount = ZERO
    reward_currency_amount: Amount = ZERO
    gw_price: Amount = ZERO
    gw_items_price: Amount = ZERO
    gw_card_price: Amount = ZERO
    gw_tax_amount: Amount = ZERO
    gw_items_tax_amount: Amount = ZERO
    gw_card_tax_amount: Amount = ZERO


class DocumentComment(Document):
    """A comment of an invoice or credit memo."""

    comment: Text = ""


class MoneyDocument(NumberedDocument):
    """What invoices and credit memos have in common."""

    order_id: Annotated[int, BeforeValidator(whole_from), Field(ge=1)]
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
    extension_attributes: Annotated[DocumentExtension, Some] = DocumentExtension()


class Invoice(MoneyDocument):
    """`state`: 1 open, 2 paid, 3 cancelled."""

    kind: ClassVar[str] = "invoice"

    shipping_discount_tax_compensation_amount: Amount = ZERO
    comments: Annotated[list[DocumentComment], Many] = []

    @property
    def made_of(self) -> str:
        """The comment that says of which invoice or sales order of F&O it was made; empty where it
        was made in Commerce."""
        told = (one.comment for one in self.comments)
        return next((text for text in told if text.startswith((MARKER, ORDER_MARKER))), "")

    @property
    def fno_invoice(self) -> str:
        """The invoice of F&O that it was made of; empty where it was made of none."""
        text = self.made_of
        number, _, _ = text.removeprefix(MARKER).partition(VOUCHER)
        return number.strip() if text.startswith(MARKER) else ""


class CreditMemo(MoneyDocument):
    """`state`: 1 open, 2 refunded, 3 cancelled. Its `discount_tax_compensation_amount` includes
    that of shipping."""

    kind: ClassVar[str] = "credit memo"

    invoice_id: Whole = None
    adjustment_positive: Amount = ZERO
    adjustment_negative: Amount = ZERO
    adjustment: Amount = ZERO
