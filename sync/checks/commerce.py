"""Whether the shop answers us, lets us read what we read, has the stores that are configured, and
keeps our time."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.commerce.companies import PATH as COMPANIES
from sync.commerce.errors import NotAllowed
from sync.commerce.products import PATH as PRODUCTS
from sync.commerce.search import Search

MOST_SKEW = timedelta(seconds=60)
"""Clocks further apart deserve a look; Commerce refuses signatures from more than 600 s in its
future."""

SET_CLOCKS: Final = (
    "Set both clocks by a time server; Commerce refuses signatures from more than 600 s ahead."
)

ENABLE_STORE: Final = "Enable it in Commerce, or leave it out."


async def shop_answers(probe: Probe) -> AsyncIterator[Finding]:
    """URL, credentials and signature are right."""
    try:
        views = await probe.commerce.store_views()
    except NotAllowed:  # told with all rights that are missing
        yield ok(f"{probe.commerce.system} takes our credentials")
    else:
        yield ok(f"{probe.commerce.system} takes our credentials ({len(views)} store views)")


async def stores_exist(probe: Probe) -> AsyncIterator[Finding]:
    """Every store view that the configuration names by id is in the shop, and active."""
    views = {str(view.get("id")): view for view in await probe.commerce.store_views()}
    for name in (name for name in probe.settings.stores if name != "default"):
        if name not in views:
            codes = (f"{id_} = {views[id_].get('code')}" for id_ in sorted(views) if id_ != "0")
            cure = f"Use the ids of Stores > All Stores; this shop has {', '.join(codes)}."
            yield fault(f"stores.{name}: the shop has no store view with this id", cure)
        elif not views[name].get("is_active", 1):
            yield warn(f"stores.{name}: the store view is disabled", ENABLE_STORE)
        else:
            yield ok(f"store view {name} is there")
    if not probe.settings.stores:
        cure = "Add [connections.<name>.stores.default], so that orders have a home."
        yield fault("no store is configured", cure)


async def orders_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """The integration may list orders."""
    page = await probe.commerce.search("orders", Search(page_size=1, fields=("entity_id",)))
    yield ok(f"orders can be read ({_count(page.total_count)})")


async def cutover_is_named(probe: Probe) -> AsyncIterator[Finding]:
    """Orders of before the first day were entered by hand: one that changes later must not be
    entered again."""
    start = probe.settings.orders.placed_from
    if start is not None:
        yield ok(f"orders placed before {start.isoformat()} are left alone")
    elif "orders" in probe.settings.flows:
        yield warn(
            "an order that was entered into D365 by hand will be posted again when it changes in"
            " Commerce",
            "Write the moment of your cutover as placed_from under orders, as in"
            " 2026-12-01T06:00:00Z; not needed for a new shop.",
        )


async def customers_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """The integration may list customers; without it neither customers nor new accounts flow."""
    page = await probe.commerce.search("customers/search", Search(page_size=1, fields=("id",)))
    yield ok(f"customers can be read ({_count(page.total_count)})")


async def products_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """The integration may list products, where the sku of a product is asked for."""
    if probe.settings.items.custom_options == "base":
        page = await probe.commerce.search(PRODUCTS, Search(page_size=1, fields=("id",)))
        yield ok(f"products can be read ({_count(page.total_count)})")


async def companies_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """The integration may list B2B companies, where they flow."""
    if "companies" in probe.settings.flows:
        page = await probe.commerce.search(COMPANIES, Search(page_size=1, fields=("id",)))
        yield ok(f"companies can be read ({_count(page.total_count)})")


async def clocks_agree(probe: Probe) -> AsyncIterator[Finding]:
    """Our clock is within a minute of the shop's, by the Date of its answers."""
    if probe.commerce.server_time is None:
        await probe.commerce.store_views()
    theirs = probe.commerce.server_time
    if theirs is None:
        yield ok("the shop's answers show no time; polls use this machine's clock")
        return
    ahead = probe.clock.now() - theirs
    if abs(ahead) <= MOST_SKEW:
        yield ok("the clocks agree")
        return
    seconds = abs(round(ahead.total_seconds()))
    where = "ahead of" if ahead > timedelta(0) else "behind"
    yield warn(f"this machine's clock is {seconds} s {where} the shop's", SET_CLOCKS)


def _count(total: int | None) -> str:
    return "count unknown" if total is None else f"{total} in all"
