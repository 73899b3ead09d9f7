r"""Money captured or paid back, as a line of a customer payment journal. Pure.

Account numbers in journals are dimension strings: the segment delimiter inside a number is escaped
with a backslash (recorded live: customer `DAT-000011` is `DAT\\-000011`).
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import CreditMemo, Invoice
from sync.commerce.models.order import Order
from sync.config.connections import Connection, Invoices
from sync.core.errors import Missing, Never
from sync.core.money import ZERO, rounded
from sync.dynamics.documents.customer_payment import CREDIT, DEBIT, LONGEST_TEXT, CustomerPayment
from sync.mapping.addresses import without_empty
from sync.mapping.sales_order import mapped
from sync.mapping.sales_order_lines import unique_references

STORE_CREDIT: Final = "customer_balance"
"""What `invoices.accounts` calls the liability for store credit."""


def customer_payment_from(
    document: Invoice | CreditMemo,
    order: Order,
    connection: Connection,
    *,
    company: str,
    account: str,
    reference: str,
    day: date,
    kept: Decimal = ZERO,
) -> CustomerPayment:
    """One line: credit for the money of an invoice, debit for that of a credit memo less what is
    `kept` as store credit.

    Raises `Never` for a payment method without a bank account and for a negative total.
    """
    method = order.payment.method
    bank = _bank(document, method, connection.invoices)
    amount = rounded(document.grand_total) - kept
    if amount < ZERO:
        raise Never(
            f"{document.label}: grand_total is {amount}, which is no payment",
            remedy="Book it in D365 by hand, and look at the document in Commerce.",
        )
    payment = mapped(connection.orders.payments, method, order, "payment.method", "orders.payments")
    fields = {
        "PaymentMethodName": payment.method if payment else "",
        "PaymentId": document.transaction_id,
    }
    return _line(
        document, order, connection, amount=amount, offset=("Bank", bank), fields=fields,
        what=method or "payments",
        company=company, account=account, reference=next(unique_references([reference])), day=day,
    )  # fmt: skip


def store_credit_from(
    document: CreditMemo,
    order: Order,
    connection: Connection,
    kept: Decimal,
    *,
    company: str,
    account: str,
    reference: str,
    day: date,
) -> CustomerPayment:
    """The line that moves what a credit memo left in the shop as store credit from the customer to
    the liability.

    Its reference ends in S: it is another line than that of the money paid out. Raises `Never`
    without an account.
    """
    liability = connection.invoices.accounts.get(STORE_CREDIT, "")
    if not liability:
        raise Never(
            f"{document.label}: {kept} {document.order_currency_code} was refunded to store credit,"
            " which has no main account",
            remedy=(
                f'Write {STORE_CREDIT} = "<account>" under invoices.accounts in connections.toml,'
                " then replay."
            ),
        )
    return _line(
        document, order, connection, amount=kept, offset=("Ledger", liability), fields={},
        what="store credit",
        company=company, account=account, reference=next(unique_references([f"{reference}/S"])),
        day=day,
    )  # fmt: skip


def _line(
    document: Invoice | CreditMemo,
    order: Order,
    connection: Connection,
    *,
    amount: Decimal,
    offset: tuple[str, str],
    fields: Mapping[str, str],
    what: str,
    company: str,
    account: str,
    reference: str,
    day: date,
) -> CustomerPayment:
    """A line of the journal that takes payments of this day and kind (`what`)."""
    settings = connection.invoices
    body = without_empty(
        {
            "dataAreaId": company,
            "TransactionDate": day.isoformat(),
            "AccountType": "Cust",
            "AccountDisplayValue": display_value(account, settings.dimension_delimiter),
            "CurrencyCode": document.order_currency_code,
            "OffsetAccountType": offset[0],
            "OffsetAccountDisplayValue": display_value(offset[1], settings.dimension_delimiter),
            "PaymentReference": reference,
            "TransactionText": f"Web order {order.increment_id}",
            "IsPrepayment": "No",
            **fields,
        }
    )
    side = DEBIT if isinstance(document, CreditMemo) else CREDIT
    text = f"Web {day.isoformat()} {what}"[:LONGEST_TEXT].rstrip()
    return CustomerPayment(company, reference, settings.journal, text, {**body, side: amount})


def _bank(document: Invoice | CreditMemo, method: str, settings: Invoices) -> str:
    bank = settings.banks.get(method, settings.banks.get("*", ""))
    if not bank:
        raise Never(
            f"{document.label}: payment.method {method[:64] or '(none)'} has no bank account, and"
            " does not say that it moves no money",
            remedy=(
                'Name its bank account under invoices.banks in connections.toml ("*" stands for all'
                " others), or the method in invoices.on_account where no money moves; then replay."
            ),
            missing=[Missing("invoices.banks", method)],
        )
    return bank


def display_value(account: str, delimiter: str) -> str:
    """An account number as F&O's dimension strings spell it: backslash before the delimiter, and
    before itself."""
    return account.replace("\\", "\\\\").replace(delimiter, f"\\{delimiter}")


def first_segment(display_value: str, delimiter: str) -> str:
    """The first account number of a dimension string, without its escapes."""
    number, letters = "", iter(display_value)
    for letter in letters:
        if letter == delimiter:
            break
        number += next(letters, "") if letter == "\\" else letter
    return number
