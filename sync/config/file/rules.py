"""What must hold inside one connection beyond the kind of each value: fields that need each other,
and URLs.

Each rule looks at one section that is sound in itself, so that a fault in one section hides none in
another.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sync.config.connections import (
    Commerce,
    Customers,
    Dynamics,
    NumberMode,
    Orders,
    SegmentHome,
    Store,
    tax_codes_in,
)
from sync.config.file.accounts import account_breaches
from sync.config.file.alert_rules import freshness_breaches
from sync.config.file.breaches import (
    Breach,
    sound,
    template_breaches,
    too_long,
)
from sync.config.file.cancellation_rules import cancellation_breaches
from sync.config.file.capture_rules import capture_breaches
from sync.config.file.case_rules import case_breaches
from sync.config.file.credit_rules import credit_breaches
from sync.config.file.demand_rules import demand_breaches
from sync.config.file.invoice_rules import receivable_breaches
from sync.config.file.mail_rules import mail_breaches
from sync.config.file.outgoing_rules import outgoing_breaches
from sync.config.file.portal_rules import portal_breaches
from sync.config.file.price_rules import price_breaches
from sync.config.file.product_rules import product_breaches
from sync.config.file.quote_rules import quote_breaches
from sync.config.file.return_rules import return_breaches
from sync.config.file.secret_rules import (
    AUTH_KEYS,
    EDITION_KEYS,
    leaked,
    looks_like_a_secret,
    needed,
    pasted,
)
from sync.config.file.shipment_rules import shipment_breaches
from sync.config.file.status_rules import status_breaches
from sync.config.file.stock_rules import stock_breaches
from sync.config.file.task_rules import task_breaches
from sync.config.file.toml_lines import Path
from sync.config.file.tracking_rules import tracking_breaches
from sync.config.file.url_rules import is_loopback, page_breaches, url_breaches

LINES_OF_HEADERS: Final = {
    "SalesOrderHeadersV4": "SalesOrderLinesV3",
    "SalesOrderHeadersV3": "SalesOrderLines",
    "SalesOrderHeadersV2": "SalesOrderLines",
}
MANY_TENANTS: Final = frozenset({"common", "organizations", "consumers"})

IN_ORDERS: Final = ("increment_id", "store_id", "entity_id")
USE_OTHER_AUTH: Final = (
    'Use auth = "secret", "certificate" or "managed_identity"; a static token is for a host on this'
    " machine."
)
NAME_STORE: Final = "Write the number that Stores > All Stores shows in its URL (not the code)."
NAME_GUEST_ACCOUNT: Final = (
    'Write guest_account = "…" here or in stores.default, or customers.guests = "per_email".'
)


def section_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach inside the connection at `path`; sections that are not sound in themselves are
    left out."""
    if commerce := sound(Commerce, written.get("commerce")):
        yield from _commerce((*path, "commerce"), commerce)
    if dynamics := sound(Dynamics, written.get("dynamics")):
        yield from _dynamics((*path, "dynamics"), dynamics)
        yield from _time_zones((*path, "dynamics"), dynamics, written.get("stores", {}))
    if orders := sound(Orders, written.get("orders", {})):
        yield from _orders((*path, "orders"), orders)
    yield from account_breaches(path, written)
    yield from receivable_breaches(path, written)
    yield from stock_breaches(path, written)
    yield from price_breaches(path, written)
    yield from credit_breaches(path, written)
    yield from product_breaches(path, written)
    yield from demand_breaches(path, written)
    yield from freshness_breaches(path, written)
    yield from shipment_breaches(path, written)
    yield from cancellation_breaches(path, written)
    yield from tracking_breaches(path, written)
    yield from portal_breaches(path, written)
    yield from mail_breaches(path, written)
    yield from return_breaches(path, written)
    yield from case_breaches(path, written)
    yield from quote_breaches(path, written)
    yield from task_breaches(path, written)
    yield from capture_breaches(path, written)
    yield from status_breaches(path, written)
    yield from outgoing_breaches(path, written)
    yield from _stores(
        (*path, "stores"), written.get("stores", {}), sound(Customers, written.get("customers", {}))
    )


def _commerce(path: Path, commerce: Commerce) -> Iterator[Breach]:
    yield from url_breaches((*path, "url"), commerce.url, paths=True)
    yield from url_breaches((*path, "ims_url"), commerce.ims_url)
    if commerce.admin_url is not None:
        yield from page_breaches((*path, "admin_url"), commerce.admin_url)
    edition = commerce.edition
    yield from needed(path, commerce, EDITION_KEYS[edition], f'edition "{edition}"')
    yield from pasted(path, commerce)
    keys_at, names = (*path, "webhook", "keys"), commerce.webhook.keys
    pasted_at = [str(place) for place, name in enumerate(names) if looks_like_a_secret(name)]
    yield from (leaked((*keys_at, place)) for place in pasted_at)
    if len(set(names)) < len(names):
        yield Breach(keys_at, "the same key is named twice", "Name each key once.")
    if commerce.events:
        yield from url_breaches((*path, "events", "key_host"), commerce.events.key_host)
        yield from needed((*path, "events"), commerce.events, ("client_id",), "Adobe I/O Events")


def _dynamics(path: Path, dynamics: Dynamics) -> Iterator[Breach]:
    yield from url_breaches((*path, "url"), dynamics.url)
    yield from url_breaches((*path, "authority"), dynamics.authority)
    yield from needed(path, dynamics, AUTH_KEYS[dynamics.auth], f'auth "{dynamics.auth}"')
    yield from pasted(path, dynamics)
    yield from _sign_in(path, dynamics)
    yield from _order_sets(path, dynamics)
    for currency, unit in dynamics.rounding.items():
        if unit <= 0:
            what = f"the rounding unit of {currency} is {unit}"
            remedy = 'Write the unit of F&O\'s Currencies form, as in "0.05".'
            yield Breach((*path, "rounding", currency), what, remedy)


def _sign_in(path: Path, dynamics: Dynamics) -> Iterator[Breach]:
    if dynamics.auth == "bearer" and not is_loopback(dynamics.url):
        what = 'auth "bearer" is written for a host that is not this machine'
        yield Breach((*path, "auth"), what, USE_OTHER_AUTH)
    if dynamics.tenant and dynamics.tenant.lower() in MANY_TENANTS:
        what = f'tenant "{dynamics.tenant}" stands for any tenant, and F&O refuses its tokens'
        remedy = "Write the id or the domain of the customer's own tenant."
        yield Breach((*path, "tenant"), what, remedy)


def _order_sets(path: Path, dynamics: Dynamics) -> Iterator[Breach]:
    headers, lines = dynamics.order_headers, LINES_OF_HEADERS[dynamics.order_headers]
    if dynamics.order_lines != lines:
        named = "order_lines" if "order_lines" in dynamics.model_fields_set else "order_headers"
        what = f"order_headers {headers} does not go with order_lines {dynamics.order_lines}"
        remedy = f'Write order_lines = "{lines}" (or leave both out for the newest pair).'
        yield Breach((*path, named), what, remedy)


def _time_zones(path: Path, dynamics: Dynamics, stores: object) -> Iterator[Breach]:
    tables = stores.values() if isinstance(stores, Mapping) else ()
    named = {store.company for table in tables if (store := sound(Store, table))}
    for company in set(dynamics.time_zones) - named - {dynamics.company}:
        what = f"a time zone is written for {company}, and no store posts into that legal entity"
        remedy = "Write company in the store's table, or leave the time zone out."
        yield Breach((*path, "time_zones", company), what, remedy)


def _orders(path: Path, orders: Orders) -> Iterator[Breach]:
    number = (*path, "number_template")
    yield from template_breaches(number, orders.number_template, IN_ORDERS)
    reference = orders.reference_template
    yield from template_breaches((*path, "reference_template"), reference, IN_ORDERS)
    if orders.numbers is NumberMode.OURS:
        yield from too_long(number, orders.number_template, "a sales order number")
    for status in orders.hold_statuses:
        if not status or status != status.strip().lower():
            what = f'"{status}" is no status code of Commerce'
            remedy = 'Write codes as Commerce has them, as in "fraud".'
            yield Breach((*path, "hold_statuses"), what, remedy)
    if orders.rounding_most < 0:
        what = f"rounding_most is {orders.rounding_most}, less than nothing"
        remedy = 'Write 0 or more, as in rounding_most = "0.05".'
        yield Breach((*path, "rounding_most"), what, remedy)
    yield from _tax_keys((*path, "taxes"), orders.taxes)
    yield from _segments((*path, "segments"), orders.segments)


def _segments(path: Path, segments: Mapping[str, SegmentHome]) -> Iterator[Breach]:
    for name, home in segments.items():
        if (not home.item) == (not home.payment):
            found = "both item and payment" if home.item else "neither item nor payment"
            what = f'the total "{name}" has {found}; it needs exactly one'
            remedy = 'Write item = "…" for a part of the sale, or payment = "…" for a way to pay.'
            yield Breach((*path, name), what, remedy)


def _tax_keys(path: Path, keys: Iterable[str]) -> Iterator[Breach]:
    """Codes are joined in any order: of two keys with the same codes, one would never be read."""
    seen: dict[tuple[str, ...], str] = {}
    for key in keys:
        first = seen.setdefault(tax_codes_in(key), key)
        if first != key:
            what = f'"{key}" joins the same tax codes as "{first}"'
            yield Breach(
                (*path, key), what, "Keep one of the two: the order of the codes does not matter."
            )


def _stores(path: Path, written: object, customers: Customers | None) -> Iterator[Breach]:
    if not isinstance(written, Mapping):
        return
    if not written:
        at = ".".join(path)
        remedy = f"Add [{at}.default], or one table per store view id, as [{at}.1]."
        yield Breach(path, "there is no store", remedy)
    default = sound(Store, written.get("default", {})) or Store()
    has_to_name = customers and customers.guests == "collective" and not default.guest_account
    for name, table in written.items():
        if name != "default" and not (name.isascii() and name.isdigit() and name[0] != "0"):
            what = f'"{name}" is neither "default" nor the id of a store view'
            yield Breach((*path, name), what, NAME_STORE)
        store = sound(Store, table)
        if has_to_name and store and not store.guest_account:
            what = 'guests = "collective", but this store has no guest_account'
            yield Breach((*path, name), what, NAME_GUEST_ACCOUNT)
