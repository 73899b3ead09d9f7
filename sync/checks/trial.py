"""The dry run: what of the last days' records would be parked, and by which causes. Nothing is
written anywhere.

It maps as `preview` does, with the cutover left out: what was entered by hand before it holds the
same codes as what will come. A record that lacks a row is mapped again as though the row were
there, so that every cause shows at once.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from sync.checks.causes import OF_SKUS, Causes
from sync.checks.expected import expected_rows
from sync.checks.finding import Finding, Probe, ok
from sync.checks.methods import Methods
from sync.checks.prices import PriceEvidence
from sync.checks.recent import Listed, Recent
from sync.commerce.companies import PATH as COMPANIES
from sync.commerce.websites import Websites
from sync.config.connections import Connection, Payment, SegmentHome, TaxGroups
from sync.core.errors import Missing
from sync.mapping_tables.records import ItemMapping, normal_sku
from sync.preview.accounts import preview_company, preview_customer
from sync.preview.documents import Basis, preview_creditmemo, preview_invoice
from sync.preview.input_files import id_of
from sync.preview.orders import Lookups, Preview, preview_order

SOMETHING: Final = "?"
SUPPOSED: Final[Mapping[str, Any]] = {
    "orders.payments": Payment(),
    "orders.deliveries": SOMETHING,
    "orders.taxes": TaxGroups(),
    "orders.segments": SegmentHome(item=SOMETHING),
    "customers.countries": SOMETHING,
    "customers.groups": SOMETHING,
    "customers.currency": "XTS",
    "invoices.banks": SOMETHING,
    "invoices.accounts": SOMETHING,
    "invoices.revenue_account": SOMETHING,
    "companies.sales_representatives": SOMETHING,
}
"""What a missing row is taken to be while the rest of the record is looked at."""

KINDS: Final[Mapping[str, Listed]] = {
    "orders": Listed("orders", "order"),
    "invoices": Listed("invoices", "invoice"),
    "creditmemos": Listed("creditmemos", "credit memo"),
    "customers": Listed("customers/search", "customer", "id", has_websites=True),
    "companies": Listed(COMPANIES, "company", "id", has_stores=False),
}
"""The records of each flow that are tried."""

ACCOUNTS: Final = {"customers": preview_customer, "companies": preview_company}

Attempt = Callable[[Any, Connection, Lookups], Awaitable[Preview]]


async def recent_records_would_be_delivered(probe: Probe) -> AsyncIterator[Finding]:
    """Records of the last days by the flows that are on; one finding per cause that would park some
    of them."""
    is_asked = probe.days and "customers" in probe.settings.flows
    websites = await Websites(probe.commerce, probe.settings).ours() if is_asked else None
    probe = replace(probe, lookups=replace(probe.lookups, websites=websites))
    trial, witnesses = Trial(probe), (PriceEvidence(probe), Methods(probe))
    flows = dict.fromkeys(("orders", *probe.settings.flows)) if probe.days else ()
    for flow in (flow for flow in KINDS if flow in flows):
        recent = Recent(probe, KINDS[flow], websites)
        async for page in recent.pages():
            for witness in witnesses if flow == "orders" else ():
                witness.see(page)
            if flow in probe.settings.flows:
                await trial.take(flow, page)
        if flow in probe.settings.flows:
            yield trial.reported(recent)
    reported = (
        trial.causes.findings(),
        expected_rows(probe, trial.causes),
        *(one.findings() for one in witnesses),
    )
    for finding in chain.from_iterable(reported):
        yield finding


class Trial:
    """Maps records and collects the causes that would park them. `outcomes` by kind of record."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        orders = probe.settings.orders.model_copy(update={"placed_from": None, "oldest_days": None})
        self._settings = probe.settings.model_copy(update={"orders": orders})
        self._items: dict[str, ItemMapping | None] = {}
        self.causes = Causes(probe.name)
        self.outcomes: dict[str, Counter[str]] = {}

    async def take(self, flow: str, page: Sequence[dict[str, Any]]) -> None:
        """Try a page of a flow's records as REST answers them."""
        attempt = await self._attempt(flow, page)
        for document in page:
            await self._tried(KINDS[flow].kind, document, attempt)

    async def _attempt(self, flow: str, page: Sequence[dict[str, Any]]) -> Attempt:
        """How one of them is previewed. Invoices and credit memos need their orders, which may be
        older."""
        now = self._probe.clock.now()
        if flow == "orders":
            return lambda document, settings, lookups: preview_order(
                document, settings, lookups, now
            )
        if flow in ACCOUNTS:
            return ACCOUNTS[flow]
        ids = {number for document in page if (number := id_of(document, "order_id")) is not None}
        found = await self._probe.commerce.orders_by_ids(sorted(ids)) if ids else []
        orders = {
            number: order for order in found if (number := id_of(order, "entity_id")) is not None
        }
        preview = preview_invoice if flow == "invoices" else preview_creditmemo
        return lambda document, settings, lookups: preview(
            document, Basis(orders, settings, lookups, now)
        )

    def reported(self, recent: Recent) -> Finding:
        """How many of a kind were tried, and what would become of them."""
        came = self.outcomes.get(recent.listed.kind, Counter())
        skipped = f", {came['skip']} skipped" if came["skip"] else ""
        return ok(
            f"tried {recent.reported}: {came['deliver']} would be delivered{skipped},"
            f" {came['park']} parked"
        )

    async def _tried(self, kind: str, document: Any, attempt: Attempt) -> None:
        supposed: set[Missing] = set()
        found = await attempt(document, self._settings, self._lookups(supposed))
        self.outcomes.setdefault(kind, Counter())[found.outcome] += 1
        if found.outcome == "deliver" and found.missing:
            self.causes.add(kind, found)
        while found.outcome == "park":
            self.causes.add(kind, found)
            fresh = {
                one for one in found.missing if one.table in OF_SKUS or one.table in SUPPOSED
            } - supposed
            if not fresh:
                return
            supposed |= fresh
            found = await attempt(
                document, with_rows(self._settings, supposed), self._lookups(supposed)
            )

    def _lookups(self, supposed: Iterable[Missing]) -> Lookups:
        """The mapping tables, asked once for each sku, and the items that are supposed to be in
        them."""
        assumed = {
            normal_sku(one.key): ItemMapping(one.key, SOMETHING)
            for one in supposed
            if one.table in OF_SKUS
        }

        async def items(skus: list[str]) -> Mapping[str, ItemMapping]:
            unseen = [sku for sku in skus if normal_sku(sku) not in self._items]
            found = await self._probe.lookups.items(unseen) if unseen else {}
            self._items |= {normal_sku(sku): found.get(normal_sku(sku)) for sku in unseen}
            known = {key: item for sku in skus if (item := self._items[key := normal_sku(sku)])}
            return {**assumed, **known}

        return replace(self._probe.lookups, items=items)


def with_rows(settings: Connection, rows: Iterable[Missing]) -> Connection:
    """The settings as though these rows were written."""
    for row in rows:
        if row.table in OF_SKUS:
            continue
        section_name, _, name = row.table.partition(".")
        section, value = getattr(settings, section_name), SUPPOSED[row.table]
        table = getattr(section, name)
        written = {**table, row.key: value} if isinstance(table, Mapping) else value
        settings = settings.model_copy(
            update={section_name: section.model_copy(update={name: written})}
        )
    return settings
