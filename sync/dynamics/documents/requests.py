"""Documents as the requests that create them: what is sent, and what a preview shows. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sync.core.request import Request
from sync.dynamics.documents.customer_payment import CustomerPayment
from sync.dynamics.documents.free_text_invoice import FreeTextInvoice
from sync.dynamics.documents.quotation import Quotation
from sync.dynamics.documents.return_order import ReturnOrder
from sync.dynamics.documents.sales_order import SalesOrder, SalesOrderLine

CUSTOMERS, ADDRESSES = "CustomersV3", "CustomerPostalAddresses"
FREE_TEXT_HEADERS, FREE_TEXT_LINES = "FreeTextInvoiceHeaders", "FreeTextInvoiceLines"
RETURN_HEADERS, RETURN_LINES = "ReturnOrderHeadersV2", "ReturnOrderLinesV2"
QUOTATION_HEADERS, QUOTATION_LINES = "SalesQuotationHeadersV2", "SalesQuotationLines"
JOURNAL_HEADERS, JOURNAL_LINES = "CustomerPaymentJournalHeaders", "CustomerPaymentJournalLines"
"""Entity sets."""

ASSIGNED: Final = "(assigned by D365)"
"""Stands for what D365 numbers, where a request is only shown."""
FIRST_LINE: Final = Decimal(1)
"""The number of a payment line in a journal that is opened for it."""


def order_requests(order: SalesOrder, headers: str, lines: str) -> Sequence[Request]:
    """A sales order into these entity sets."""
    number = order.number or ASSIGNED
    bodies = (order_line_body(order, number, line) for line in order.lines)
    return [_post(headers, order.header), *(_post(lines, body) for body in bodies)]


def order_line_body(order: SalesOrder, number: str, line: SalesOrderLine) -> dict[str, Any]:
    """A line as it is posted."""
    return {"dataAreaId": order.company, "SalesOrderNumber": number, **line.body}


def free_text_requests(invoice: FreeTextInvoice) -> Sequence[Request]:
    """A free text invoice."""
    lines = (invoice.line_body(line, ASSIGNED) for line in invoice.lines)
    header = _post(FREE_TEXT_HEADERS, invoice.header)
    return [header, *(_post(FREE_TEXT_LINES, line) for line in lines)]


def return_requests(order: ReturnOrder) -> Sequence[Request]:
    """A return order."""
    lines = (order.line_body(line, order.number or ASSIGNED) for line in order.lines)
    return [_post(RETURN_HEADERS, order.header), *(_post(RETURN_LINES, line) for line in lines)]


def quotation_requests(wanted: Quotation) -> Sequence[Request]:
    """A quotation."""
    number = wanted.number or ASSIGNED
    lines = (wanted.line_body(reference, number) for reference in wanted.lines)
    header = _post(QUOTATION_HEADERS, wanted.header)
    return [header, *(_post(QUOTATION_LINES, line) for line in lines)]


def payment_requests(payment: CustomerPayment) -> Sequence[Request]:
    """A journal that is opened for the line, and the line."""
    line = payment.line_body(ASSIGNED, FIRST_LINE)
    return [_post(JOURNAL_HEADERS, payment.journal_body), _post(JOURNAL_LINES, line)]


def address_requests(
    company: str, account: str, addresses: Mapping[str, Mapping[str, Any]]
) -> Sequence[Request]:
    """Further addresses of a customer account."""
    owner = {
        "dataAreaId": company,
        "CustomerLegalEntityId": company,
        "CustomerAccountNumber": account,
    }
    return [_post(ADDRESSES, {**owner, **fields}) for fields in addresses.values()]


def account_requests(
    company: str,
    account: str,
    body: Mapping[str, Any],
    addresses: Mapping[str, Mapping[str, Any]],
) -> Sequence[Request]:
    """A new customer account with its addresses. `account`: empty where D365 numbers it."""
    return [_post(CUSTOMERS, body), *address_requests(company, account or ASSIGNED, addresses)]


def _post(entity_set: str, body: Mapping[str, Any]) -> Request:
    return Request("POST", f"/data/{entity_set}", body)
