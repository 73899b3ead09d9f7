"""An invoice as a free text invoice of D365, a credit memo as a negative one. Pure.

F&O posts drafts itself. `ParentRecId` is the header's RecId, which F&O assigns; `CustomerReference`
is how the document is found again. The amount of a line is quantity x unit price: per piece where
that is exact to the cent, else as one.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.errors import Missing, Never
from sync.core.money import rounded, total
from sync.dynamics.documents.free_text_invoice import FreeTextInvoice
from sync.dynamics.documents.line_amount import priced, shortest
from sync.mapping.addresses import without_empty
from sync.mapping.posting_target import D, DocumentWithOrder, PostingTarget, day_of
from sync.mapping.receivable_lines import Receivable, ReceivableLine, must_have_lines, proved
from sync.mapping.tax_groups import line_tax_group, order_tax_group
from sync.mapping_tables.records import ItemMapping, normal_sku

NAME_ACCOUNT: Final = (
    "Set invoices.revenue_account, or name the account under invoices.accounts in"
    " connections.toml; then replay."
)


def free_text_invoice_from(
    with_order: DocumentWithOrder[D],
    receivable: Receivable,
    connection: Connection,
    target: PostingTarget,
    items: Mapping[str, ItemMapping],
) -> FreeTextInvoice:
    """Map a proved receivable. Raises `Never` for a line without a main account, and for unmapped
    tax codes."""
    order, sign = with_order.order, -1 if isinstance(with_order.document, CreditMemo) else 1
    header = _header(with_order, connection, target) | _money_terms(receivable, order, connection)
    lines = tuple(
        {
            "LineNumber": number,
            "MainAccountDisplayValue": _account(line, connection, items, receivable.label),
            **_amounts(line, sign),
            **_tax(line, order, connection),
        }
        for number, line in enumerate((line for line in receivable.lines if line.amount), start=1)
    )
    must_have_lines(receivable, lines)
    totals = proved(receivable, (sign * line_amount(line) for line in lines))
    return FreeTextInvoice(
        target.company, target.account, target.reference, without_empty(header), lines, totals
    )


def _header(
    with_order: DocumentWithOrder[D], connection: Connection, target: PostingTarget
) -> dict[str, str]:
    document, order = with_order.document, with_order.order
    terms = "" if isinstance(document, CreditMemo) else _terms(order, connection)
    return {
        "dataAreaId": target.company,
        "CustomerAccount": target.account,
        "InvoiceAccount": target.invoice_account,
        "InvoiceDate": day_of(document, connection, target.company).isoformat(),
        "CustomerReference": target.reference,
        "CustomerRequisition": order.increment_id,
        "TermsOfPayment": terms,
    }


def _money_terms(receivable: Receivable, order: Order, connection: Connection) -> dict[str, str]:
    """Currency and taxes of the header."""
    tax = total(line.tax for line in receivable.lines)
    return {
        "CurrencyCode": receivable.totals.currency,
        "InclTax": "Yes" if receivable.is_gross else "No",
        "SalesTaxGroupId": order_tax_group(order, connection.orders.taxes, tax),
    }


def _terms(order: Order, connection: Connection) -> str:
    """Those of a method that moves no money: the receivable stays open under them. Else the
    customer's own apply."""
    method = order.payment.method
    payment = connection.orders.payments.get(method)
    return (
        payment.terms if payment is not None and not connection.invoices.moves_money(method) else ""
    )


def line_amount(body: Mapping[str, Any]) -> Decimal:
    """What F&O makes of a line."""
    return rounded(Decimal(body["Quantity"]) * Decimal(body["UnitPrice"]))


def _amounts(line: ReceivableLine, sign: int) -> dict[str, Any]:
    """Per piece where that is exact to the cent, else as one piece."""
    price = priced(line.quantity, line.amount)
    is_exact = price.price_quantity == 1
    return {
        "Description": line.text,
        "Quantity": shortest(line.quantity) if is_exact else Decimal(1),
        "UnitPrice": shortest(price.price if is_exact else line.amount) * sign,
        "TransactionCurrencyAmount": line.amount * sign,
    }


def _tax(line: ReceivableLine, order: Order, connection: Connection) -> dict[str, str]:
    """What was paid with and what rounding leaves carry no tax, whatever the other lines do."""
    if line.is_payment or line.segment == "rounding":
        return {}
    return without_empty(
        {
            "SalesTaxItemGroupId": line_tax_group(
                order, connection.orders.taxes, line.tax_codes, line.tax
            )
        }
    )


def _account(
    line: ReceivableLine, connection: Connection, items: Mapping[str, ItemMapping], label: str
) -> str:
    """The line's own account: per item number or sku, per kind of charge, per service item; else
    that of revenue.

    A way to pay is no revenue: it needs an account of its own.
    """
    settings = connection.invoices
    item = items.get(normal_sku(line.sku)) if line.sku else None
    names = [item.item_number if item else "", line.sku, line.segment, line.item]
    found = next((settings.accounts[name] for name in names if name in settings.accounts), "")
    if not found and not line.is_payment:
        found = settings.revenue_account
    if found:
        return found
    raise _without_account(line, label)


def _without_account(line: ReceivableLine, label: str) -> Never:
    if line.is_payment:
        return Never(
            f"{label}: {line.amount} was {line.text}, and {line.segment} has no main account",
            remedy=(
                f'Write {line.segment} = "<account>" under invoices.accounts in connections.toml,'
                " then replay."
            ),
            missing=[Missing("invoices.accounts", line.segment)],
        )
    what = f"items[].sku {line.sku[:64] or '(empty)'}" if line.is_goods else line.segment
    missing = [Missing("invoices.revenue_account", "")]
    return Never(f"{label}: {what} has no main account", remedy=NAME_ACCOUNT, missing=missing)
