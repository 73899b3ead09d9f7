"""Whether buyers can be shown their documents: what F&O lets the app read, and who they are."""

from collections.abc import AsyncIterator, Mapping

from sync.checks.finding import Finding, Probe, fault, ok, reading
from sync.config.connections import Connection
from sync.dynamics import buyer_documents as books

READ_CURE = (
    "Add a privilege with read access to this entity to the role of the app's user in F&O, or write"
    ' portal.journal = "SalesInvoiceHeadersV2".'
)
KEY_LENGTH = 32


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


async def buyers_documents_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read invoices, their lines, transactions and settlements."""
    for name, fields in portal_fields(probe.settings).items():
        yield await reading(probe, name, fields, READ_CURE)


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
