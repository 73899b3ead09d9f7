"""Whether invoices and credit memos can be read in the shop, and whether their recipe is
complete."""

from collections.abc import AsyncIterator
from typing import Final

from sync.checks.finding import Finding, Probe, ok, warn
from sync.checks.recipes import books_free_text
from sync.commerce.search import Search

DOCUMENTS = {"invoices": "invoices", "creditmemos": "credit memos"}

RECIPES: Final = "docs/decisions/choose-a-receivable-recipe.md"
RETURNS_NOT_SOLD: Final = (
    "books revenue that F&O's sales orders do not, and return-order gives sales orders back"
)
SOLD_NOT_RETURNED: Final = (
    "leaves revenue to F&O's sales orders, and free-text-credit does not give those back"
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
