"""Whether quotes can go their way: F&O's quotations may be read, the shop tells of quotes, and what
its release can show of them."""

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok, reading, warn
from sync.commerce.models.quote import ShownTotals
from sync.commerce.quotes import LISTED, SEARCH
from sync.commerce.search import Search
from sync.config.connections import Connection
from sync.dynamics import quotations
from sync.dynamics.account_files import FILE_FIELDS, ID, WRITTEN
from sync.dynamics.documents.account_file import FILES
from sync.dynamics.documents.requests import QUOTATION_HEADERS, QUOTATION_LINES
from sync.dynamics.odata import Filter, Member
from sync.dynamics.sales_agreements import AGREEMENT_FIELDS, AGREEMENTS
from sync.mapping.quote_prices import PROPOSED

SENT: Final = (
    "SalesQuotationName", "SkipOpportunityCreationPrompt", "ContactPersonId",
    "InvoiceCustomerAccountNumber", "QuotationTakerPersonnelNumber", "SalesOrderOriginCode",
    "DefaultShippingSiteId", "DefaultShippingWarehouseId", "LanguageId",
    "IsDeliveryAddressOrderSpecific", "DeliveryAddressName", "DeliveryAddressDescription",
    "DeliveryAddressStreet", "DeliveryAddressCity", "DeliveryAddressZipCode",
    "DeliveryAddressStateId", "DeliveryAddressCountryRegionId",
)  # fmt: skip
TEMPLATES: Final = "quote_templates"
MADE_BY: Final = "SalesQuotationHeaderCreationMethod"
NEAR: Final = Decimal("0.05")
"""What rounding of rows may make of a proposed price."""
BY_SUPPORT: Final = (
    "Answer one quote with quote_answers off and compare its totals by hand. Until that is clear,"
    " every answer is parked before its buyer sees it."
)
PRICED: Final = "items.extension_attributes.negotiable_quote_item.extension_attributes"


def quote_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that quotes are sent to and read from."""
    agreed = {AGREEMENTS: ("dataAreaId", *AGREEMENT_FIELDS)}
    if "quotes" not in settings.flows:
        return agreed if TEMPLATES in settings.flows else {}
    field, wish = settings.quotes.order_field, settings.quotes.wish_field
    lines = (*quotations.LINE_FIELDS, *((wish,) if wish else ()))
    found: dict[str, tuple[str, ...]] = {}
    if _are_of_dynamics(settings):
        found[QUOTATION_HEADERS] = ("dataAreaId", *quotations.HEADER_FIELDS, *SENT)
        found[QUOTATION_LINES] = ("dataAreaId", *lines)
    found |= agreed if TEMPLATES in settings.flows else {}
    if settings.quotes.files == "account":
        found[FILES] = ("dataAreaId", *FILE_FIELDS, *WRITTEN)
    return {**found, **({settings.dynamics.order_headers: (field,)} if field else {})}


def _are_of_dynamics(settings: Connection) -> bool:
    return "quotes" in settings.flows and settings.quotes.target == "dynamics"


async def quotations_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read quotations: what the metadata lists, a role may be refused."""
    if TEMPLATES in probe.settings.flows:
        yield await reading(probe, AGREEMENTS, ("dataAreaId", *AGREEMENT_FIELDS))
    if not _are_of_dynamics(probe.settings):
        return
    yield await reading(probe, QUOTATION_HEADERS, quotations.HEADER_FIELDS)
    yield await reading(probe, QUOTATION_LINES, quotations.LINE_FIELDS)
    if probe.settings.quotes.files == "account":
        yield await reading(probe, FILES, FILE_FIELDS)


async def quotations_are_of_one_side(probe: Probe) -> AsyncIterator[Finding]:
    """Whether dual-write brings quotations of Dynamics 365 Sales into F&O as well."""
    if "quotes" not in probe.settings.flows:
        return
    there = Member("SalesQuotationCreationMethod", "Dynamics365Sales")
    where = Filter.eq("dataAreaId", probe.settings.legal_entity) & Filter.eq(MADE_BY, there)
    rows = probe.dynamics.query(QUOTATION_HEADERS, where=where, select=(MADE_BY,), top=1)
    if not [row async for row in rows]:
        yield ok("quotations are made in F&O alone")
    elif not _are_of_dynamics(probe.settings):
        cure = "Leave out quotes.target: F&O's quotation and the quote of Sales are one then."
        yield fault("quotes of Dynamics 365 Sales come into F&O by dual-write", cure)
    else:
        cure = (
            "Make none by hand in Sales for a quote of the shop: ours comes there by dual-write."
            " Agree on which side sellers price and send it; its status in F&O decides."
        )
        yield warn("quotations of Dynamics 365 Sales come into F&O by dual-write", cure)


async def orders_take_quotations(probe: Probe) -> AsyncIterator[Finding]:
    """Whether a sales order may be made with its quotation's number, as the metadata has it."""
    field, headers = probe.settings.quotes.order_field, probe.settings.dynamics.order_headers
    if "quotes" not in probe.settings.flows or not field:
        return
    shape = (await probe.dynamics.metadata_fields(headers)).get(headers)
    entity = await probe.dynamics.public_entity(shape.type) if shape is not None else None
    rows = {row.get("Name"): row for row in (entity or {}).get("Properties") or ()}
    if rows.get(field, {}).get("AllowEditOnCreate", True):
        yield ok(f"a sales order takes the number of its quotation as {field}")
    else:
        cure = 'Write order_field = "SalesOrderName" (or "URL") under quotes in connections.toml.'
        yield fault(f"{headers}.{field} may not be entered: orders of quotes would be parked", cure)


async def files_take_no_id(probe: Probe) -> AsyncIterator[Finding]:
    """Whether F&O gives files of an account their ids, as the metadata has it: we send none."""
    if not _are_of_dynamics(probe.settings) or probe.settings.quotes.files != "account":
        return
    shape = (await probe.dynamics.metadata_fields(FILES)).get(FILES)
    entity = await probe.dynamics.public_entity(shape.type) if shape is not None else None
    rows = {row.get("Name"): row for row in (entity or {}).get("Properties") or ()}
    if not rows.get(ID, {}).get("IsMandatory"):
        yield ok(f"F&O gives a new file of an account its {ID} (the first one will show)")
    else:
        cure = (
            'Write files = "none" under quotes in connections.toml: quotes then go without files.'
        )
        yield fault(f"{FILES}.{ID} is mandatory: quotes with files would be parked", cure)


async def proposed_prices_mean(probe: Probe) -> AsyncIterator[Finding]:
    """Whether a proposed price means what `amounts` says: told by a quote that has one."""
    if "quote_answers" not in probe.settings.flows:
        return
    page = await probe.commerce.search(SEARCH, Search(page_size=100, fields=LISTED))
    for row in page.items:
        state = (row.get("extension_attributes") or {}).get("negotiable_quote") or {}
        if state.get("negotiated_price_type") == PROPOSED and row.get("id"):
            found = await _meaning(probe, int(row["id"]), Decimal(state["negotiated_price_value"]))
            if found is not None:
                yield found
                return
    cure = "Price one quote by hand with a proposed price in Commerce, then run check again."
    yield warn("no quote has a proposed price yet: what one means in the shop is not known", cure)


async def _meaning(probe: Probe, quote_id: int, value: Decimal) -> Finding | None:
    """What the totals of a quote with a proposed price show; None where tax makes no difference."""
    cart = await probe.commerce.quotes.by_id(quote_id) or {}
    rate = Decimal((cart.get("currency") or {}).get("base_to_quote_rate") or 1)
    totals = ShownTotals.model_validate(await probe.commerce.quotes.totals(quote_id))
    shown = {"net": totals.subtotal, "gross": totals.subtotal_incl_tax}
    if shown["net"] == shown["gross"]:
        return None
    wanted = probe.settings.quotes.amounts
    near = [name for name, one in shown.items() if abs(one - value * rate) <= NEAR]
    if wanted in near:
        return ok(f"a proposed price is {wanted} in the shop, as quote {quote_id} shows")
    cure = f'Write amounts = "{near[0]}" under quotes.' if near else BY_SUPPORT
    said = near[0] if near else "neither net nor gross"
    return fault(f"quote {quote_id}: a proposed price of {value:.2f} is {said} in the shop", cure)


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
