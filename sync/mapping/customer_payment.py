r"""Money captured or paid back, as a line of a customer payment journal. Pure.

Account numbers in journals are dimension strings: the segment delimiter inside a number is escaped
with a backslash (recorded live: customer `DAT-000011` is `DAT\\-000011`).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from sync.commerce.models.invoice import CreditMemo, Invoice
from sync.config.connections import Connection, Invoices
from sync.core.errors import Missing, Never
from sync.core.money import ZERO, rounded
from sync.dynamics.documents.customer_payment import CREDIT, DEBIT, LONGEST_TEXT, CustomerPayment
from sync.mapping.addresses import without_empty
from sync.mapping.order_settings import mapped
from sync.mapping.posting_target import D, DocumentWithOrder, PostingTarget, day_of
from sync.mapping.sales_order_lines import unique_references

STORE_CREDIT: Final = "customer_balance"
"""What `invoices.accounts` calls the liability for store credit."""


def customer_payment_from(
    with_order: DocumentWithOrder[D],
    connection: Connection,
    target: PostingTarget,
    *,
    kept: Decimal = ZERO,
) -> CustomerPayment:
    """One line: credit for the money of an invoice, debit for that of a credit memo less what is
    `kept` as store credit.

    Raises `Never` for a payment method without a bank account and for a negative total.
    """
    document, order = with_order.document, with_order.order
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
        **_accounts(target.invoice_account, ("Bank", bank), connection),
        "PaymentMethodName": payment.method if payment else "",
        "PaymentId": document.transaction_id,
    }
    line = _Line(target.reference, fields, amount, what=method or "payments")
    return _payment(line, with_order, connection, target)


def store_credit_from(
    with_order: DocumentWithOrder[CreditMemo],
    connection: Connection,
    target: PostingTarget,
    kept: Decimal,
) -> CustomerPayment:
    """The line that moves what a credit memo left in the shop as store credit from the customer to
    the liability.

    Its reference ends in S: it is another line than that of the money paid out. Raises `Never`
    without an account.
    """
    liability = _liability(with_order.document, connection, kept)
    accounts = _accounts(target.invoice_account, ("Ledger", liability), connection)
    line = _Line(f"{target.reference}/S", accounts, kept, what="store credit")
    return _payment(line, with_order, connection, target)


def _liability(memo: CreditMemo, connection: Connection, kept: Decimal) -> str:
    liability = connection.invoices.accounts.get(STORE_CREDIT, "")
    if not liability:
        raise Never(
            f"{memo.label}: {kept} {memo.order_currency_code} was refunded to store credit, which"
            " has no main account",
            remedy=(
                f'Write {STORE_CREDIT} = "<account>" under invoices.accounts in connections.toml,'
                " then replay."
            ),
        )
    return liability


class _Line(NamedTuple):
    """What one line says that the other does not."""

    reference: str
    fields: Mapping[str, str]
    amount: Decimal
    what: str


def _accounts(account: str, offset: tuple[str, str], connection: Connection) -> dict[str, str]:
    """The customer's account, and the one on the other side (type and number)."""
    delimiter = connection.invoices.dimension_delimiter
    return {
        "AccountType": "Cust",
        "AccountDisplayValue": display_value(account, delimiter),
        "OffsetAccountType": offset[0],
        "OffsetAccountDisplayValue": display_value(offset[1], delimiter),
    }


def _payment(
    line: _Line, with_order: DocumentWithOrder[D], connection: Connection, target: PostingTarget
) -> CustomerPayment:
    """The line in the journal that takes payments of this day and kind (`what`)."""
    document = with_order.document
    day = day_of(document, connection, target.company).isoformat()
    reference = next(unique_references([line.reference]))
    texts = without_empty(
        {
            "dataAreaId": target.company,
            "TransactionDate": day,
            "CurrencyCode": document.order_currency_code,
            "PaymentReference": reference,
            "TransactionText": f"Web order {with_order.order.increment_id}",
            "IsPrepayment": "No",
            **line.fields,
        }
    )
    side = DEBIT if isinstance(document, CreditMemo) else CREDIT
    name = f"Web {day} {line.what}"[:LONGEST_TEXT].rstrip()
    journal, body = connection.invoices.journal, {**texts, side: line.amount}
    return CustomerPayment(target.company, reference, journal, name, body)


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
