r"""Money captured or paid back, as a line of a customer payment journal. Pure.

Account numbers in journals are dimension strings: the segment delimiter inside a number is escaped with a backslash
(recorded live: customer `DAT-000011` is `DAT\\-000011`).
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
from sync.mapping.sales_order import mapped


@dataclass(frozen=True)
class CustomerPayment:
    """A payment line to be, without its journal's number and its own. `journal_key`: which open journal it belongs to."""

    company: str
    reference: str
    journal_name: str
    journal_text: str
    body: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Of what is sent, whatever journal it lands in."""
        return digest(dict(self.body))


def customer_payment_from(
    order: Order, connection: Connection, *, company: str, account: str, reference: str, amount: Decimal,
    currency: str, day: date, transaction_id: str, is_refund: bool,
) -> CustomerPayment:  # fmt: skip
    """One line: credit for money received, debit for money paid back. Raises `Never` without a bank account."""
    settings = connection.invoices
    method = order.payment.method
    bank = settings.banks.get(method, settings.banks.get("*", ""))
    if not bank:
        raise Never(
            f"{reference}: payment method {method or '(none)'} has no bank account",
            remedy='Name it under invoices.banks in connections.toml ("*" stands for all others), then replay.',
        )
    payment = mapped(connection.orders.payments, method, order, "payment.method", "orders.payments")
    body = without_empty(
        {
            "dataAreaId": company,
            "TransactionDate": day.isoformat(),
            "AccountType": "Cust",
            "AccountDisplayValue": display_value(account, settings.dimension_delimiter),
            "CurrencyCode": currency,
            "OffsetAccountType": "Bank",
            "OffsetAccountDisplayValue": display_value(bank, settings.dimension_delimiter),
            "PaymentMethodName": payment.method if payment else "",
            "PaymentReference": reference,
            "PaymentId": transaction_id,
            "TransactionText": f"Web order {order.increment_id}",
            "IsPrepayment": "No",
        }
    )
    side = "DebitAmount" if is_refund else "CreditAmount"
    text = f"Web {day.isoformat()} {method or 'payments'}"
    return CustomerPayment(company, reference, settings.journal, text, {**body, side: amount})


def display_value(account: str, delimiter: str) -> str:
    """An account number as F&O's dimension strings spell it."""
    return account.replace("\\", "\\\\").replace(delimiter, f"\\{delimiter}")
