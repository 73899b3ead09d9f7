"""Whether quotes can go their way: F&O's quotations may be read, the shop tells of quotes, and what
its release can show of them."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sync.checks.finding import Finding, Probe, ok, reading, warn
from sync.commerce.quotes import LISTED, SEARCH
from sync.commerce.search import Search
from sync.config.connections import Connection
from sync.dynamics import quotations
from sync.dynamics.documents.requests import QUOTATION_HEADERS, QUOTATION_LINES

SENT: Final = (
    "SalesQuotationName", "SkipOpportunityCreationPrompt", "ContactPersonId",
    "InvoiceCustomerAccountNumber", "QuotationTakerPersonnelNumber", "SalesOrderOriginCode",
    "DefaultShippingSiteId", "DefaultShippingWarehouseId", "LanguageId",
    "IsDeliveryAddressOrderSpecific", "DeliveryAddressName", "DeliveryAddressDescription",
    "DeliveryAddressStreet", "DeliveryAddressCity", "DeliveryAddressZipCode",
    "DeliveryAddressStateId", "DeliveryAddressCountryRegionId",
)  # fmt: skip
PRICED: Final = "items.extension_attributes.negotiable_quote_item.extension_attributes"


def quote_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that quotes are sent to and read from."""
    if "quotes" not in settings.flows:
        return {}
    field, wish = settings.quotes.order_field, settings.quotes.wish_field
    lines = (*quotations.LINE_FIELDS, *((wish,) if wish else ()))
    found: dict[str, tuple[str, ...]] = {
        QUOTATION_HEADERS: ("dataAreaId", *quotations.HEADER_FIELDS, *SENT),
        QUOTATION_LINES: ("dataAreaId", *lines),
    }
    return {**found, **({settings.dynamics.order_headers: (field,)} if field else {})}


async def quotations_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read quotations: what the metadata lists, a role may be refused."""
    if "quotes" not in probe.settings.flows:
        return
    yield await reading(probe, QUOTATION_HEADERS, quotations.HEADER_FIELDS)
    yield await reading(probe, QUOTATION_LINES, quotations.LINE_FIELDS)


async def quotes_are_shown(probe: Probe) -> AsyncIterator[Finding]:
    """Whether lists of carts tell of quotes, and whether the release has prices of items."""
    if "quotes" not in probe.settings.flows:
        return
    settings = probe.settings.quotes
    page = await probe.commerce.search(SEARCH, Search(page_size=100, fields=LISTED))
    told = [one for one in page.items if (one.get("extension_attributes") or {})]
    if not told and not settings.reads_each_cart:
        cure = "Write reads_each_cart = true under quotes in connections.toml until a list does."
        yield warn("no list of carts tells of a quote, and carts are not read one by one", cure)
    elif told and settings.reads_each_cart:
        cure = "reads_each_cart = false under quotes saves a request for each cart that changes."
        yield warn("lists of carts tell of quotes, and each cart is read all the same", cure)
    else:
        yield ok("quotes are found among carts")
    if settings.prices == "items" and told and not await _has_prices(probe, int(told[0]["id"])):
        cure = 'Write prices = "total" under quotes in connections.toml.'
        yield warn(f"quote {told[0]['id']} shows no {PRICED}: the release may not have it", cure)


async def _has_prices(probe: Probe, quote_id: int) -> bool:
    cart = await probe.commerce.quotes.by_id(quote_id) or {}
    items = [one.get("extension_attributes") or {} for one in cart.get("items") or ()]
    return any(
        (one.get("negotiable_quote_item") or {}).get("extension_attributes") for one in items
    )
