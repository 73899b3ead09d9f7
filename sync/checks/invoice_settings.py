"""Whether invoices and credit memos can be read in the shop, what F&O posted of them, and whether
their recipe is complete."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from sync.checks.finding import READ_CURE, Finding, Level, Probe, ok, reading, warn
from sync.checks.recipes import books_free_text
from sync.commerce.search import Search
from sync.dynamics.posted_invoices import JOURNAL, JOURNAL_FIELDS

DOCUMENTS = {"invoices": "invoices", "creditmemos": "credit memos"}

RECIPES: Final = "docs/decisions/choose-a-receivable-recipe.md"
RETURNS_NOT_SOLD: Final = (
    "books revenue that F&O's sales orders do not, and return-order gives sales orders back"
)
SOLD_NOT_RETURNED: Final = (
    "leaves revenue to F&O's sales orders, and free-text-credit does not give those back"
)

TAX_NOT_SHOWN: Final = (
    f"{READ_CURE} Else the tax of free text invoices may not be known, and those whose prices are"
    " without tax are listed as differing by it."
)


async def documents_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """The integration may list the documents whose flows are on."""
    for path, what in DOCUMENTS.items():
        if path in probe.settings.flows:
            page = await probe.commerce.search(path, Search(page_size=1, fields=("entity_id",)))
            count = "count unknown" if page.total_count is None else f"{page.total_count} in all"
            yield ok(f"{what} can be read ({count})")


async def free_text_is_taxed(probe: Probe) -> AsyncIterator[Finding]:
    """Free text invoices know no item whose tax group F&O could take: the mapping must name the
    groups."""
    if not books_free_text(probe.settings):
        return
    if probe.settings.orders.taxes:
        yield ok("free text invoices have their tax groups from orders.taxes")
    else:
        yield warn(
            "free text invoices would carry no tax in F&O: orders.taxes is empty, and they have no"
            " item to take a tax group from",
            'Map Commerce\'s tax codes under orders.taxes; a shop that charges no tax writes "none"'
            " = {} there.",
        )


async def posted_sums_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read what F&O has posted of free text invoices: their own lines need not show
    the tax that it computed."""
    if "posted_invoices" in probe.settings.flows and books_free_text(probe.settings):
        found = await reading(probe, JOURNAL, ("dataAreaId", *JOURNAL_FIELDS), TAX_NOT_SHOWN)
        yield found if found.level is Level.OK else replace(found, level=Level.WARN)


async def recipes_go_together(probe: Probe) -> AsyncIterator[Finding]:
    """A return order takes back what F&O invoiced; where it never invoices web orders, there is
    nothing to take back."""
    settings = probe.settings
    if "creditmemos" not in settings.flows or "invoices" not in settings.flows:
        return
    booked, credited = settings.invoices.recipe, settings.creditmemos.recipe
    is_ours, returns = booked != "payment-journal", credited == "return-order"
    if is_ours and returns:
        cure = f'Write creditmemos.recipe = "free-text-credit" ({RECIPES}).'
        yield warn(f"invoices.recipe {booked} {RETURNS_NOT_SOLD}", cure)
    elif not is_ours and not returns:
        cure = f'Write creditmemos.recipe = "return-order" ({RECIPES}).'
        yield warn(f"invoices.recipe payment-journal {SOLD_NOT_RETURNED}", cure)
    else:
        yield ok(f"recipes {booked} and {credited} go together")
