"""The flows, in the order operators see them. A new flow is one file here, its name in `FLOWS`, and one test."""

from typing import Any, Final

from sync.flow import DocumentFlow, SubFlow
from sync.flows.companies import companies
from sync.flows.contacts import contacts
from sync.flows.creditmemos import creditmemos
from sync.flows.customers import customers
from sync.flows.invoices import invoices
from sync.flows.orders import orders
from sync.flows.payments import payments
from sync.flows.postings import postings
from sync.flows.receipts import receipts

FLOWS: Final[tuple[DocumentFlow[Any], ...]] = (orders, customers, companies, invoices, creditmemos, postings, receipts)

INNER: Final[tuple[SubFlow[Any], ...]] = (contacts, payments)
"""What has no hints of its own: flows require it, and it has claims and a trail like all."""
