"""Whether buyers can be shown their documents: what F&O lets the app read, and who they are."""

from collections.abc import AsyncIterator, Mapping

from sync.checks.finding import Finding, Probe, fault, ok, reading, warn
from sync.checks.shipments import slip_fields
from sync.config.connections import Connection
from sync.dynamics import buyer_fields as books

READ_CURE = (
    "Add a privilege with read access to this entity to the role of the app's user in F&O, or write"
    ' portal.journal = "SalesInvoiceHeadersV2".'
)
ORDERS_CURE = (
    "Add a privilege with read access to this entity to the role of the app's user in F&O, or write"
    " portal.delivery = false and portal.phone_orders = false."
)
KEY_LENGTH = 32
SHOWN_CURE = (
    'Map them (map customers set), or add "{rule}" to portal.matched_by where no shopper can enter'
    " what is somebody else's (docs/portal.md)."
)


def portal_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set; none without a portal."""
    if settings.portal is None:
        return {}
    journal = settings.portal.journal
    is_copy = journal == books.JOURNAL
    lines, names = books.LINES[journal]
    return {
        journal: books.JOURNAL_FIELDS if is_copy else tuple(books.HEADER_NAMES),
        lines: tuple(names),
        books.TRANSACTIONS: books.TRANSACTION_FIELDS,
        books.SETTLEMENTS: books.SETTLEMENT_FIELDS,
    }


def delivery_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """The same of what tells where goods went, and of orders by telephone."""
    if settings.portal is None:
        return {}
    found = dict(slip_fields(settings)) if settings.portal.delivery else {}
    orders = settings.dynamics.order_headers
    if settings.portal.delivery:
        found[orders] = (*found.get(orders, ()), *books.ADDRESS_FIELDS)
    if settings.portal.phone_orders:
        found[orders] = (*found.get(orders, ()), *books.ORDER_FIELDS)
    return found


async def buyers_documents_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read invoices, their lines, transactions and settlements; and slips and orders
    where they are shown."""
    for fields, cure in (
        (portal_fields(probe.settings), READ_CURE), (delivery_fields(probe.settings), ORDERS_CURE),
    ):  # fmt: skip
        for name, wanted in fields.items():
            yield await reading(probe, name, wanted, cure)


async def shop_key_is_long(probe: Probe) -> AsyncIterator[Finding]:
    """The secret with which the shop signs who is signed in cannot be guessed."""
    portal = probe.settings.portal
    if portal is None or portal.shop_key is None:
        return
    if len(await probe.secrets.get(portal.shop_key)) >= KEY_LENGTH:
        yield ok("the shop's key for the portal is long enough")
    else:
        cure = f"Set {KEY_LENGTH} random characters or more, in the vault and in the shop's module."
        yield fault(f"the secret {portal.shop_key} is short", cure)


async def accounts_are_shown(probe: Probe) -> AsyncIterator[Finding]:
    """Customers who see nothing, since only what they entered themselves says whose account it
    is."""
    portal, left = probe.settings.portal, dict[str, int]()
    if portal is None:
        return
    async for one in probe.lookups.accounts.all():
        if one.kind == "customer" and not portal.shows(one.matched_by):
            left[one.matched_by] = left.get(one.matched_by, 0) + 1
    for rule, count in left.items():
        what = f"the portal shows nothing to {count} customers who were matched by {rule} alone"
        yield warn(what, SHOWN_CURE.format(rule=rule))
    if not left:
        yield ok("the portal leaves out nobody for the rule that matched them")
