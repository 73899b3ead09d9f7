"""What is asked of Commerce to find out which rights the integration has, by the flows that are on.

A right to write is asked for by the write without its document. Commerce looks at the right first,
and refuses what lacks its argument before it does anything (`InputParamsResolver::resolve` of its
Webapi module: the request is validated, then read).
"""

from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any, Final

from sync.checks.finding import Probe
from sync.commerce import order_notes
from sync.commerce.address import path_of
from sync.commerce.categories import LIST as CATEGORIES
from sync.commerce.closing import cancel_path
from sync.commerce.companies import ASSIGN, ROLES
from sync.commerce.companies import PATH as COMPANIES
from sync.commerce.company_credits import PATH as CREDITS
from sync.commerce.inventory import SOURCE_ITEMS, SOURCES
from sync.commerce.prices import BASE_PRICES, TIER_PRICES
from sync.commerce.product_data import ATTRIBUTES, TAX_CLASSES
from sync.commerce.products import PATH as PRODUCTS
from sync.commerce.quotes import CARTS, QUOTES, SEARCH
from sync.commerce.returns import RETURNS
from sync.commerce.search import Search
from sync.commerce.shared_catalogs import SHARED
from sync.commerce.shipments import SHIPMENTS, TRACK
from sync.config.connections import Connection

REPORTED: Final = (("invoices",), ("creditmemos",), (SHIPMENTS,), ("salesRules/search", "rule_id"))
STOCK_ITEMS: Final = path_of("stockItems", " ")
STOCK_ITEM: Final = path_of("products", " ", "stockItems", 1)
Ask = Callable[[Probe], Awaitable[Any]]


def asked_of(settings: Connection) -> Iterator[Ask]:
    """The requests that tell whether each right is there that the flows need."""
    flows = frozenset(settings.flows)
    yield lambda probe: probe.commerce.store_views()
    yield _listing("orders")
    yield _listing("customers/search", "id")
    for flow, path in (("invoices", "invoices"), ("creditmemos", "creditmemos")):
        if flow in flows:
            yield _listing(path)
    if "companies" in flows:
        yield _listing(COMPANIES, "id")
    is_base = settings.items.custom_options == "base"
    if is_base or flows & {"stock", "prices", "shipments", "products", "shared_catalogs"}:
        yield _listing(PRODUCTS, "id")
    for flow, asked in _OF_FLOWS:
        if flow in flows:
            yield from asked(settings)
    yield from _of_notes(settings)
    yield from _of_reports(settings)


def _of_reports(settings: Connection) -> Iterator[Ask]:
    """Where reports are built."""
    if settings.reporting is not None:
        also = {"carts": (SEARCH, "id"), "returns": (RETURNS,)}
        more = [also[one] for one in settings.reporting.also]
        yield from (_listing(*one) for one in (*REPORTED, *more))


def _of_stock(settings: Connection) -> Iterator[Ask]:
    """Refunds move stock."""
    yield _listing("creditmemos")
    if settings.stock.inventory == "sources":
        yield _listing(SOURCES, "source_code")
        yield _listing(SOURCE_ITEMS, "sku")
        yield _bare(SOURCE_ITEMS)
    else:
        yield lambda probe: probe.commerce.get(STOCK_ITEMS)
        yield lambda probe: probe.commerce.put(STOCK_ITEM, {})


def _of_mails(settings: Connection) -> Iterator[Ask]:
    """A posted invoice is mailed to the company, else to the buyer of the web order."""
    if settings.mails is not None and settings.mails.invoices:
        yield _listing(COMPANIES, "id")


def _of_accounts(settings: Connection) -> Iterator[Ask]:
    yield _listing("customerGroups/search", "code")
    yield _listing(COMPANIES, "id")
    yield _bare(COMPANIES)
    yield lambda probe: probe.commerce.put(path_of("customers", 0), {})
    if settings.accounts.role:
        yield lambda probe: probe.commerce.put(ASSIGN, {})


def _of_shipments(settings: Connection) -> Iterator[Ask]:
    yield _listing(SHIPMENTS)
    yield _bare(path_of("order", 0, "ship"))
    yield _bare(TRACK)
    if settings.shipments.substitutes:
        yield _bare(order_notes.comments_of(0))
    if settings.stock.inventory == "sources":
        yield _listing(SOURCES, "source_code")
        yield _bare(SOURCE_ITEMS)


def _of_cancellations(settings: Connection) -> Iterator[Ask]:
    """Nothing is known of an order of id 0."""
    yield _bare(cancel_path(0))
    yield _bare(order_notes.comments_of(0))
    yield from _of_refunding({*settings.cancellations.refunds.values()})


def _of_refunding(policies: Collection[str]) -> Iterator[Ask]:
    """What a gateway was paid for is refunded by its invoice, also where a person pays it out."""
    if {"record", "online"} & {*policies}:
        yield from map(_listing, ("creditmemos", "invoices"))
        yield from (_bare(path_of(kind, 0, "refund")) for kind in ("order", "invoice"))


def _of_captures(settings: Connection) -> Iterator[Ask]:
    yield _listing("invoices")
    yield _bare(path_of("order", 0, "invoice"))
    yield _bare(order_notes.comments_of(0))
    yield from _of_refunding({*settings.captures.credits.values()})


def _of_returns(_: Connection) -> Iterator[Ask]:
    yield _listing(RETURNS)


def _of_return_states(_: Connection) -> Iterator[Ask]:
    yield _listing(RETURNS)
    yield _bare(path_of(RETURNS, 0, "comments"))


def _of_tasks(settings: Connection) -> Iterator[Ask]:
    yield _listing(SEARCH, "id")
    if {"companies", "accounts"} & {*settings.flows}:
        yield _listing(ROLES, "role_id")
    if "return" in settings.tasks.rules:
        yield _listing(RETURNS)
    if settings.tasks.categories:
        yield _listing(PRODUCTS, "id")


def _of_quotes(_: Connection) -> Iterator[Ask]:
    yield lambda probe: probe.commerce.get(path_of(CARTS, 0))
    yield lambda probe: probe.commerce.get(path_of(QUOTES, 0, "comments"))


def _of_quote_answers(_: Connection) -> Iterator[Ask]:
    yield lambda probe: probe.commerce.put(path_of(QUOTES, 0), {})


def _of_quote_templates(_: Connection) -> Iterator[Ask]:
    yield lambda probe: probe.commerce.quote_templates.by_id(0)
    yield lambda probe: probe.commerce.quote_templates.links(0)


def _of_refunds(_: Connection) -> Iterator[Ask]:
    for path in (RETURNS, "creditmemos", "invoices"):
        yield _listing(path)
    yield _bare(path_of("order", 0, "refund"))


def _of_status(settings: Connection) -> Iterator[Ask]:
    """What the steps ask for; their rights are apart in Commerce."""
    steps = settings.status.steps.values()
    acts = {step.act for step in steps}
    if any(step.comment for step in steps):
        yield _bare(order_notes.comments_of(0))
    if any(step.status for step in steps):
        yield _bare(order_notes.EXTERNAL_ID)
    for act, names in (("hold", ("hold", "unhold")), ("cancel", ("cancel",))):
        for name in names if act in acts else ():
            yield _bare(path_of("orders", 0, name))


def _of_prices(_: Connection) -> Iterator[Ask]:
    yield _listing("customerGroups/search", "code")
    for path in (BASE_PRICES, TIER_PRICES):
        yield _bare(f"{path}-information")
        yield _bare(path)


def _of_products(settings: Connection) -> Iterator[Ask]:
    products = settings.products
    yield _bare(PRODUCTS)
    if "tax_class" in products.fields:
        yield _listing(TAX_CLASSES, "class_id")
    if "quantities" in products.fields:
        yield lambda probe: probe.commerce.get(STOCK_ITEMS)
        yield lambda probe: probe.commerce.put(STOCK_ITEM, {})
    if products.create:
        yield lambda probe: probe.commerce.get(path_of("products", "attribute-sets", 0))
    if products.attribute_codes:
        yield _listing(ATTRIBUTES, "attribute_id")
    if products.images:
        yield _bare(path_of("products", " ", "media"))
    if products.categories:
        yield _listing(CATEGORIES, "id")
    if "status" in products.fields:
        yield _bare(f"{BASE_PRICES}-information")


def _of_shared_catalogs(_: Connection) -> Iterator[Ask]:
    """Nothing is known of a shared catalog of id 0."""
    yield _listing(SHARED, "id")
    yield _bare(path_of(SHARED, 0, "assignProducts"))


def _of_credit(settings: Connection) -> Iterator[Ask]:
    yield _listing(CREDITS, "id")
    yield lambda probe: probe.commerce.put(path_of("companyCredits", 0), {})
    if settings.credit.methods:
        yield _listing(COMPANIES, "id")
        yield lambda probe: probe.commerce.put(path_of("company", 0), {})


def _of_notes(settings: Connection) -> Iterator[Ask]:
    """Invoices and credit memos are written back by comments alone."""
    to, flows = settings.write_back.to, settings.flows
    if "write_back" not in flows or to == "none":
        return
    if to == "ext_order_id" and "orders" in flows:
        yield _bare(order_notes.EXTERNAL_ID)
    if to == "comment" or "invoices" in flows or "creditmemos" in flows:
        yield _bare(order_notes.comments_of(0))


def _listing(path: str, field: str = "entity_id") -> Ask:
    return lambda probe: probe.commerce.search(path, Search(page_size=1, fields=(field,)))


def _bare(path: str) -> Ask:
    return lambda probe: probe.commerce.post(path, {})


def _of_tracking(_: Connection) -> Iterator[Ask]:
    yield _bare(order_notes.comments_of(0))


_OF_FLOWS: Final = (
    ("stock", _of_stock), ("accounts", _of_accounts), ("shipments", _of_shipments),
    ("captures", _of_captures), ("status", _of_status), ("prices", _of_prices),
    ("products", _of_products), ("shared_catalogs", _of_shared_catalogs),
    ("credit", _of_credit), ("returns", _of_returns),
    ("return_states", _of_return_states), ("quotes", _of_quotes),
    ("quote_answers", _of_quote_answers), ("quote_templates", _of_quote_templates),
    ("refunds", _of_refunds), ("cancellations", _of_cancellations), ("tracking", _of_tracking),
    ("mails", _of_mails), ("tasks", _of_tasks),
)  # fmt: skip
"""Flows that ask for rights of their own."""
