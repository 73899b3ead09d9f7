"""The dry run: what of the last days' records would be parked, and by which causes. Nothing is
written anywhere.

It maps as `preview` does, with the cutover left out: what was entered by hand before it holds the
same codes as what will come. A record that lacks a row is mapped again as if the row were
there, so that every cause shows at once.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from typing_extensions import override

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
from sync.engine.systems import Systems
from sync.mapping_tables.records import ItemMapping, normal_sku
from sync.mapping_tables.tables import ItemMappings
from sync.preview.given import given_systems
from sync.preview.input_files import Inputs, Kind, id_of
from sync.preview.previews import preview

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
SUPPOSABLE: Final = frozenset({*OF_SKUS, *SUPPOSED})

KINDS: Final[Mapping[str, Listed]] = {
    "orders": Listed("orders", Kind.ORDER),
    "invoices": Listed("invoices", Kind.INVOICE),
    "creditmemos": Listed("creditmemos", Kind.CREDITMEMO),
    "customers": Listed("customers/search", Kind.CUSTOMER, "id", has_websites=True),
    "companies": Listed(COMPANIES, Kind.COMPANY, "id", has_stores=False),
}
"""The records of each flow that are tried."""


class SupposedItems(ItemMappings):
    """The mapping table, asked once for each sku (`known`), and the items that are supposed to be
    in it."""

    def __init__(
        self, items: ItemMappings, known: dict[str, ItemMapping | None], rows: Iterable[Missing]
    ) -> None:
        self._there, self._known = items, known
        self._assumed = {
            normal_sku(one.key): ItemMapping(one.key, SOMETHING)
            for one in rows
            if one.table in OF_SKUS
        }

    @override
    async def many(self, skus: Iterable[str]) -> dict[str, ItemMapping]:
        wanted = {normal_sku(sku): sku for sku in skus}
        unseen = {key: sku for key, sku in wanted.items() if key not in self._known}
        found = await self._there.many(unseen.values()) if unseen else {}
        self._known |= {key: found.get(key) for key in unseen}
        known = {key: item for key in wanted if (item := self._known[key]) is not None}
        return {**self._assumed, **known}

    @override
    async def by_base(self, with_options: Mapping[str, int]) -> dict[str, ItemMapping]:
        return await self._there.by_base(with_options)


async def recent_records_would_be_delivered(probe: Probe) -> AsyncIterator[Finding]:
    """Records of the last days by the flows that are on; one finding per cause that would park some
    of them."""
    is_asked = probe.days and "customers" in probe.settings.flows
    asked = Websites(probe.commerce, probe.settings)
    websites = await asked.ours() if is_asked else None
    if is_asked:
        probe = replace(probe, lookups=replace(probe.lookups, websites=asked))
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
    probe.known.items.update(trial.items())
    expected = expected_rows(probe, trial.causes)
    seen = (one.findings() for one in witnesses)
    for finding in chain(trial.causes.findings(), expected, *seen):
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
        inputs = Inputs({KINDS[flow].kind: list(page)})
        if flow in ("invoices", "creditmemos"):
            inputs.found[Kind.ORDER] = await self._orders_of(page)
        for document in page:
            await self._tried(KINDS[flow].kind, document, inputs)

    async def _orders_of(self, page: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The orders of invoices and credit memos, which may be older."""
        ids = {number for document in page if (number := id_of(document, "order_id")) is not None}
        return [*(await self._probe.commerce.orders.by_ids(sorted(ids))).values()] if ids else []

    def items(self) -> dict[str, str]:
        """A SKU that was looked up, by the item number that the mapping gives it."""
        return {item.item_number: item.sku for item in self._items.values() if item is not None}

    def reported(self, recent: Recent) -> Finding:
        """How many of a kind were tried, and what would become of them."""
        came = self.outcomes.get(recent.listed.kind, Counter())
        skipped = f", {came['skip']} skipped" if came["skip"] else ""
        return ok(
            f"tried {recent.reported}: {came['deliver']} would be delivered{skipped},"
            f" {came['park']} parked"
        )

    async def _tried(self, kind: Kind, document: Any, inputs: Inputs) -> None:
        supposed: set[Missing] = set()
        found = await preview(kind, document, self._systems(inputs, supposed))
        self.outcomes.setdefault(kind, Counter())[found.outcome] += 1
        if found.outcome == "deliver" and found.missing:
            self.causes.add(kind, found)
        while found.outcome == "park":
            self.causes.add(kind, found)
            fresh = {one for one in found.missing if one.table in SUPPOSABLE} - supposed
            if not fresh:
                return
            supposed |= fresh
            found = await preview(kind, document, self._systems(inputs, supposed))

    def _systems(self, inputs: Inputs, supposed: Iterable[Missing]) -> Systems:
        """The connection as if these rows were written."""
        probe, items = self._probe, SupposedItems(self._probe.lookups.items, self._items, supposed)
        settings = with_rows(self._settings, supposed)
        return given_systems(
            probe.name, settings, inputs, replace(probe.lookups, items=items), probe.clock
        )


def with_rows(settings: Connection, rows: Iterable[Missing]) -> Connection:
    """The settings as if these rows were written."""
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
