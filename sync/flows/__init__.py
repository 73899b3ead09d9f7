"""The flows, in the order operators see them. A new flow is one file here, its name in `FLOWS`, and
one test."""

from typing import Any, Final

from sync.engine.flow import DocumentFlow, SubFlow
from sync.flows.cases.case_states import case_states
from sync.flows.cases.cases import cases
from sync.flows.catalogue.prices import prices
from sync.flows.catalogue.product_options import product_options
from sync.flows.catalogue.products import products
from sync.flows.catalogue.shared_catalogs import shared_catalogs
from sync.flows.catalogue.stock import stock
from sync.flows.credit.credit import credit
from sync.flows.customers.accounts import accounts
from sync.flows.customers.companies import companies
from sync.flows.customers.company_parents import company_parents
from sync.flows.customers.company_users import company_users
from sync.flows.customers.contacts import contacts
from sync.flows.customers.customers import customers
from sync.flows.demand.demand import demand
from sync.flows.fulfilment.cancellations import cancellations
from sync.flows.fulfilment.captures import captures
from sync.flows.fulfilment.shipments import shipments
from sync.flows.fulfilment.status import status
from sync.flows.fulfilment.tracking import tracking
from sync.flows.mails.mails import mails
from sync.flows.orders.orders import orders
from sync.flows.orders.write_back import write_back
from sync.flows.quotes.quote_answers import quote_answers
from sync.flows.quotes.quote_templates import quote_templates
from sync.flows.quotes.quotes import quotes
from sync.flows.receivables.creditmemos import creditmemos
from sync.flows.receivables.invoices import invoices
from sync.flows.receivables.payments import payments
from sync.flows.receivables.posted_invoices import posted_invoices
from sync.flows.returns.order_issues import order_issues
from sync.flows.returns.refunds import refunds
from sync.flows.returns.return_states import return_states
from sync.flows.returns.returns import returns
from sync.flows.tasks.tasks import tasks

FLOWS: Final[tuple[DocumentFlow[Any], ...]] = (
    orders,
    customers,
    companies,
    invoices,
    creditmemos,
    posted_invoices,
    write_back,
    stock.runs,
    prices.runs,
    products.runs,
    product_options.runs,
    shared_catalogs.runs,
    shipments,
    cancellations,
    tracking,
    returns,
    return_states,
    refunds,
    order_issues,
    cases,
    case_states,
    captures,
    status,
    accounts,
    credit.runs,
    mails,
    quotes,
    quote_answers,
    quote_templates,
    tasks,
    demand.runs,
)

SUB_FLOWS: Final[tuple[SubFlow[Any], ...]] = (
    contacts, company_users, company_parents, payments, stock.chunks, prices.chunks,
    products.chunks, product_options.chunks, shared_catalogs.chunks, credit.chunks,
    demand.chunks,
)  # fmt: skip
"""What has no notifications of its own: flows require it, and it has claims and a trail like
all."""

PUBLICATIONS: Final = (stock, prices, products, product_options, shared_catalogs, credit, demand)
"""Whose runs are among the flows, and whose chunks are among the sub-flows."""
