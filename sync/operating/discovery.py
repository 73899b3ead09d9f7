"""What both systems say of themselves before anything is configured: stores, what recent orders
use, and the codes of a legal entity. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sync.checks.finding import Probe
from sync.checks.mapped_codes import Listed
from sync.checks.prices import PriceEvidence
from sync.checks.recent import Recent
from sync.checks.trial import KINDS, Trial
from sync.commerce.transport import rows_in
from sync.config.connections import Connection, Payment, TaxGroups
from sync.core.errors import Missing, Never
from sync.dynamics.client import DynamicsClient
from sync.dynamics.odata import Filter

COMPANY: Final = "dataAreaId"
LEGAL_ENTITIES: Final = "LegalEntities"
NAMED_BY: Final[Mapping[Listed, tuple[str, ...]]] = {
    Listed.WAREHOUSE: ("WarehouseName", "OperationalSiteId"),
    Listed.CUSTOMER_GROUP: ("Description",),
    Listed.METHOD_OF_PAYMENT: ("Description",),
    Listed.TERMS_OF_PAYMENT: ("Description",),
    Listed.MODE_OF_DELIVERY: ("ModeDescription",),
    Listed.TAX_GROUP: ("Description",),
    Listed.ITEM_TAX_GROUP: ("Name",),
    Listed.SALES_ORIGIN: ("OriginDescription",),
    Listed.UNIT: ("UnitDescription",),
    Listed.JOURNAL_NAME: ("Description",),
    Listed.BANK_ACCOUNT: ("BankName",),
    Listed.RETURN_REASON: ("Description",),
    Listed.DISPOSITION_CODE: ("DispositionDescription",),
}
"""What is listed, and the fields that say what a code is; those that an environment lacks are left
out."""
MOST: Final = 200
"""Codes of a kind that are read."""


@dataclass(frozen=True)
class Choice:
    """A code of F&O. `name`: what people call it; `site`: of a warehouse."""

    code: str
    name: str = ""
    site: str = ""

    def __str__(self) -> str:
        return f"{self.code} ({self.name})" if self.name and self.name != self.code else self.code


@dataclass(frozen=True)
class StoreView:
    """A store view that sells. `includes_tax`: whether its prices do, by its orders; None where
    they do not tell."""

    id: int
    code: str
    name: str
    currency: str = ""
    base_currency: str = ""
    includes_tax: bool | None = None


@dataclass(frozen=True)
class Needed:
    """A row that recent orders need, and how many do."""

    row: Missing
    count: int


@dataclass(frozen=True)
class Discovered:
    """What was found. `orders`: how many were looked at; `delivered`: how many of them need nothing
    more than what is here. `sources`: those of the shop's Inventory Management."""

    stores: tuple[StoreView, ...]
    needed: tuple[Needed, ...]
    codes: Mapping[Listed, Sequence[Choice]]
    orders: int = 0
    sources: tuple[str, ...] = ()


async def legal_entities(dynamics: DynamicsClient) -> list[Choice]:
    """Those that our user may see."""
    return [
        Choice(str(row["LegalEntityId"]).lower(), str(row.get("Name") or ""))
        async for row in dynamics.query(LEGAL_ENTITIES, select=("LegalEntityId", "Name"), top=MOST)
    ]


async def codes_of(dynamics: DynamicsClient, company: str) -> dict[Listed, list[Choice]]:
    """The codes of a legal entity, by kind; a kind that we may not read is empty."""
    shapes = await dynamics.metadata_fields(*(listed.entity_set for listed in NAMED_BY))
    found: dict[Listed, list[Choice]] = {}
    for listed, names in NAMED_BY.items():
        shape = shapes.get(listed.entity_set)
        there = [name for name in names if shape is not None and name in shape.fields]
        where = Filter.eq(COMPANY, company) if shape and COMPANY in shape.fields else None
        found[listed] = await _listed(dynamics, where, listed, there) if shape else []
    return found


async def _listed(
    dynamics: DynamicsClient, where: Filter | None, listed: Listed, names: Sequence[str]
) -> list[Choice]:
    select = (listed.field, *names)
    try:
        rows = [
            row
            async for row in dynamics.query(
                listed.entity_set, where=where, select=select, order_by=(listed.field,), top=MOST
            )
        ]
    except Never:
        return []
    return [_choice(row, listed.field, names) for row in rows]


def _choice(row: Mapping[str, Any], field: str, names: Sequence[str]) -> Choice:
    site = str(row.get("OperationalSiteId") or "")
    name = next((str(row[one]) for one in names if row.get(one) and one != "OperationalSiteId"), "")
    return Choice(str(row[field]), name, site)


async def discovered(probe: Probe) -> Discovered:
    """What the shop sells in, what its recent orders need, and what the legal entity offers."""
    evidence, recent = PriceEvidence(probe), Recent(probe, KINDS["orders"])
    trial = Trial(replace(probe, settings=asking_for_all(probe.settings)))
    async for page in recent.pages():
        evidence.see(page)
        await trial.take("orders", page)
    stores = [
        replace(view, includes_tax=evidence.shown(str(view.id)))
        for view in await store_views(probe)
    ]
    needed = tuple(Needed(row, count) for row, count in trial.supposing.causes.rows())
    codes = await codes_of(probe.dynamics, probe.settings.dynamics.company)
    return Discovered(tuple(stores), needed, codes, recent.read, await _sources(probe))


async def _sources(probe: Probe) -> tuple[str, ...]:
    """Those of the shop that are in use; none where it has none, or we may not read them."""
    try:
        rows = await probe.commerce.inventory.sources()
    except Never:
        return ()
    return tuple(str(row["source_code"]) for row in rows if row.get("enabled", True))


def asking_for_all(settings: Connection) -> Connection:
    """The settings with a row in each table that nothing needs: a table without any maps nothing,
    and one with some must map all."""
    rows = {"payments": {"": Payment()}, "deliveries": {"": "?"}, "taxes": {"": TaxGroups()}}
    return settings.model_copy(update={"orders": settings.orders.model_copy(update=rows)})


async def store_views(probe: Probe) -> list[StoreView]:
    """The store views that sell, with their currencies."""
    configs = rows_in(await probe.commerce.get("store/storeConfigs"), "GET store/storeConfigs")
    bases = {row.get("id"): str(row.get("base_currency_code") or "") for row in configs}
    currencies = {row.get("id"): str(row.get("default_display_currency_code")) for row in configs}
    return [
        StoreView(
            int(view["id"]), str(view.get("code")), str(view.get("name")),
            currencies.get(view.get("id"), ""), bases.get(view.get("id"), ""),
        )
        for view in await probe.commerce.store_views()
        if str(view.get("id")) != "0" and bool(view.get("is_active", 1))
    ]  # fmt: skip
