"""The dry run: what of the last days' records would be parked, and by which causes. Nothing is
written anywhere.

It maps as `preview` does, with the cutover left out: what was entered by hand before it holds the
same codes as what will come. A record that lacks a row is mapped again as if the row were
there, so that every cause shows at once.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from sync.checks.causes import Causes
from sync.checks.expected import expected_rows
from sync.checks.finding import Finding, Probe, ok
from sync.checks.methods import Methods
from sync.checks.prices import PriceEvidence
from sync.checks.recent import Listed, Recent
from sync.checks.supposing import Supposing
from sync.commerce.companies import PATH as COMPANIES
from sync.commerce.websites import Websites
from sync.engine.systems import Systems
from sync.preview.given import given_systems
from sync.preview.input_files import Inputs, Kind, id_of
from sync.preview.previews import preview

KINDS: Final[Mapping[str, Listed]] = {
    "orders": Listed("orders", Kind.ORDER),
    "invoices": Listed("invoices", Kind.INVOICE),
    "creditmemos": Listed("creditmemos", Kind.CREDITMEMO),
    "customers": Listed("customers/search", Kind.CUSTOMER, "id", has_websites=True),
    "companies": Listed(COMPANIES, Kind.COMPANY, "id", has_stores=False),
}
"""The records of each flow that are tried."""


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
            if flow == "orders":
                codes = (order.get("order_currency_code") for order in page)
                probe.known.currencies.update(str(code) for code in codes if code)
            if flow in probe.settings.flows:
                await trial.take(flow, page)
        if flow in probe.settings.flows:
            yield trial.reported(recent)
    probe.known.items.update(trial.items())
    expected = expected_rows(probe, trial.supposing.causes)
    seen = (one.findings() for one in witnesses)
    for finding in chain(trial.supposing.causes.findings(), expected, *seen):
        yield finding


class Trial:
    """Maps records and collects the causes that would park them. `outcomes` by kind of record."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        orders = probe.settings.orders.model_copy(update={"placed_from": None, "oldest_days": None})
        self._settings = probe.settings.model_copy(update={"orders": orders})
        self.supposing = Supposing(Causes(probe.name))
        self.outcomes: dict[str, Counter[str]] = {}

    async def take(self, flow: str, page: Sequence[dict[str, Any]]) -> None:
        """Try a page of a flow's records as REST answers them."""
        inputs = Inputs({KINDS[flow].kind: list(page)})
        if flow in ("invoices", "creditmemos"):
            inputs.found[Kind.ORDER] = await self._orders_of(page)
        probe = self._probe
        lookups = replace(probe.lookups, items=self.supposing.items_of(probe.lookups.items))
        systems = given_systems(probe.name, self._settings, inputs, lookups, probe.clock)
        for document in page:
            await self._tried(KINDS[flow].kind, document, systems)

    async def _orders_of(self, page: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The orders of invoices and credit memos, which may be older."""
        ids = {number for document in page if (number := id_of(document, "order_id")) is not None}
        return [*(await self._probe.commerce.orders.by_ids(sorted(ids))).values()] if ids else []

    def items(self) -> dict[str, str]:
        """A SKU that was looked up, by the item number that the mapping gives it."""
        known = self.supposing.known.values()
        return {item.item_number: item.sku for item in known if item is not None}

    def reported(self, recent: Recent) -> Finding:
        """How many of a kind were tried, and what would become of them."""
        came = self.outcomes.get(recent.listed.kind, Counter())
        skipped = f", {came['skip']} skipped" if came["skip"] else ""
        return ok(
            f"tried {recent.reported}: {came['deliver']} would be delivered{skipped},"
            f" {came['park']} parked"
        )

    async def _tried(self, kind: Kind, document: Any, systems: Systems) -> None:
        found = await preview(kind, document, systems)
        self.outcomes.setdefault(kind, Counter())[found.outcome] += 1
        await self.supposing.collect(kind, document, found, systems)
