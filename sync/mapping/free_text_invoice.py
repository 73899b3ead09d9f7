"""An invoice as a free text invoice of D365, a credit memo as a negative one. Pure.

F&O posts drafts itself. `ParentRecId` is the header's RecId, which F&O assigns; `CustomerReference` is how the document
is found again. The amount of a line is quantity x unit price: per piece where that is exact to the cent, else as one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sync.commerce.models.order import Order
from sync.connections import Connection
from sync.encoding import digest
from sync.errors import Never
from sync.mapping.addresses import without_empty
from sync.mapping.line_amount import priced, shortest
from sync.mapping.receivable_lines import Receivable, ReceivableLine
from sync.mapping.tax_groups import line_tax_group, order_tax_group
from sync.mapping.totals import Totals
from sync.mapping_records import ItemMapping, normal_sku


@dataclass(frozen=True)
class FreeTextInvoice:
    """A free text invoice to be: header, and lines without `ParentRecId`."""

    company: str
    account: str
    reference: str
    header: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    totals: Totals

    @property
    def digest(self) -> str:
        """Of the whole document."""
        return digest({"header": dict(self.header), "lines": [dict(line) for line in self.lines]})


def free_text_invoice_from(
    receivable: Receivable, order: Order, connection: Connection, *,
    company: str, account: str, reference: str, day: date, items: Mapping[str, ItemMapping], gross: bool, is_credit: bool,
) -> FreeTextInvoice:  # fmt: skip
    """Map a proved receivable. Raises `Never` for a line without a main account, and for unmapped tax codes."""
    sign = -1 if is_credit else 1
    header = without_empty(
        {
            "dataAreaId": company,
            "CustomerAccount": account,
            "InvoiceAccount": account,
            "InvoiceDate": day.isoformat(),
            "CurrencyCode": receivable.totals.currency,
            "CustomerReference": reference,
            "InclTax": "Yes" if gross else "No",
            "SalesTaxGroupId": order_tax_group(order, connection.orders.taxes),
        }
    )
    lines = [
        _line(number, line, sign, order, connection, _account(line, connection, items, reference))
        for number, line in enumerate(receivable.lines, start=1)
        if line.amount
    ]
    return FreeTextInvoice(company, account, reference, header, tuple(lines), receivable.totals)


def _line(
    number: int, line: ReceivableLine, sign: int, order: Order, connection: Connection, account: str
) -> dict[str, Any]:
    quantity, unit = _quantity_and_price(line)
    tax = {"SalesTaxItemGroupId": line_tax_group(order, connection.orders.taxes, line.tax_codes)}
    return {
        "LineNumber": number,
        "Description": line.text[:255],
        "MainAccountDisplayValue": account,
        "Quantity": quantity,
        "UnitPrice": unit * sign,
        "TransactionCurrencyAmount": line.amount * sign,
        **without_empty(tax),
    }


def _quantity_and_price(line: ReceivableLine) -> tuple[Decimal, Decimal]:
    if line.quantity <= 0:
        return Decimal(1), line.amount
    price = priced(line.quantity, line.amount)
    if price.price_quantity == 1:
        return shortest(line.quantity), shortest(price.price)
    return Decimal(1), shortest(line.amount)


def _account(line: ReceivableLine, connection: Connection, items: Mapping[str, ItemMapping], reference: str) -> str:
    accounts = connection.invoices.accounts
    item = items.get(normal_sku(line.sku)) if line.sku else None
    candidates = [item.item_number if item else "", line.reference, line.item]
    found = next((accounts[name] for name in candidates if name in accounts), "")
    if not found and line.amount < 0 and not line.sku and not line.item:
        found = ""  # a way to pay is no revenue: it needs an account of its own
    elif not found:
        found = connection.invoices.revenue_account
    if not found:
        raise Never(
            f"{reference}: no main account for {line.reference} ({line.text})",
            remedy="Set invoices.revenue_account, or name the account under invoices.accounts in connections.toml; then replay.",
        )
    return found
