"""Where the product publication writes: the fields that F&O owns, and nothing beside them.

What the shop shows is read first, and only what differs is sent, one request for each scope of a
product. A product that is not released any more is disabled, and never deleted.
"""

from asyncio import TaskGroup
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.commerce.errors import NotAccepted, NotThere
from sync.commerce.inventory import WITH_STOCK
from sync.commerce.product_data import PRODUCTS, body_of, url_key
from sync.core.errors import Never
from sync.core.request import Request
from sync.engine.mirror import Shown
from sync.engine.published_rows import RowTarget
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.flows.catalogue.configurable_links import LINKS, links_of, variants_shown
from sync.flows.catalogue.product_rows import CONFIGURABLE, ShownProduct
from sync.flows.targets import commerce_of
from sync.mapping.configurables import CHILDREN, VARIANTS
from sync.mapping.products import ALL, DISABLED, STOCK_ITEM, withdrawn
from sync.mapping.shown_products import (
    QUANTITIES,
    Content,
    attributes_of,
    differences,
    quantities_of,
    stock_item_of,
    values_of,
)
from sync.mapping_tables.records import normal_sku

NOT_ALONE: Final = 1
"""Visibility of what shoppers find in another product alone."""
REMEDY: Final = (
    "Look at the product in Commerce, and what else writes it (an import, an extension); then run:"
    " touch the sku again."
)


class Unlike(Never):
    """The shop cannot show one row; it can show all others."""


@dataclass
class There:
    """A product of the shop: its type, and the fields that F&O owns, by scope."""

    kind: str
    content: dict[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class ShopProducts(RowTarget):
    """Products in Commerce, a chunk of SKUs at a time, side by side as the shop's pace allows."""

    most: int = 40
    is_whole: ClassVar[bool] = False

    @override
    def timing(self, systems: Systems) -> Target:
        return commerce_of(systems)

    @override
    def same(self, key: str) -> str:
        return normal_sku(key)

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        return [request for row in rows for request in _requests(row, systems)]

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        there = await _read(systems, [row.key for row in rows])
        refused: dict[str, Never] = {}

        async def save(row: Shown) -> None:
            try:
                await self._save(row, there.get(normal_sku(row.key)), systems, not_after)
            except (NotAccepted, NotThere, Unlike) as error:
                refused[row.key] = error

        try:
            async with TaskGroup() as group:
                for row in rows:
                    group.create_task(save(row))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        kept = [row for row in rows if row.key not in refused]
        return {**refused, **await self._not_shown(kept, systems)}

    async def _save(
        self, row: Shown, there: There | None, systems: Systems, not_after: datetime
    ) -> None:
        shop = systems.commerce.product_data
        if there is None and row.content is None:
            return
        if there is None:
            await shop.create(_first(row, systems), not_after=not_after)
            there = await _made(row.key, systems)
        if row.content is not None and not _is_fit(row, there):
            raise _of_type(row.key, there.kind)
        for scope, values in _wanted(row, systems).items():
            shows = there.content.get(scope, {})
            changed = {name: value for name, value in values.items() if shows.get(name) != value}
            if changed and scope == STOCK_ITEM:
                rules = stock_item_of(changed)
                await shop.change_stock_item(row.key, rules, not_after=not_after)
            elif changed and scope == VARIANTS:
                links = await links_of(values, systems)
                await shop.change(ALL, row.key, links, not_after=not_after)
            elif changed:
                await shop.change(scope, row.key, changed, not_after=not_after)

    async def _not_shown(self, rows: Sequence[Shown], systems: Systems) -> dict[str, Never]:
        """Rows that the shop does not show although it took them. A 200 is not believed."""
        found = await self.shown(systems, [row.key for row in rows]) if rows else {}
        refused: dict[str, Never] = {}
        for row in rows:
            there = found.get(normal_sku(row.key))
            if there is None and row.content is None:
                continue
            off = differences(_wanted(row, systems), there or {})
            if off:
                refused[row.key] = Never(f"{row.key}: {'; '.join(off)}", remedy=REMEDY)
        return refused

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Content]:
        return {sku: there.content for sku, there in (await _read(systems, keys)).items()}


async def _read(systems: Systems, keys: Collection[str] | None) -> dict[str, There]:
    """What the shop has of these, or of all, by `normal_sku`."""
    settings, shop = systems.settings.products, systems.commerce.product_data
    found: dict[str, There] = {}
    linked: dict[str, Mapping[str, Any]] = {}
    attributes = await shop.kinds(settings.attribute_codes)
    async for row in shop.shown(ALL, keys):
        there = found[normal_sku(str(row["sku"]))] = There(str(row.get("type_id")))
        owned = values_of(row, settings.fields) | attributes_of(row, attributes)
        there.content[ALL] = owned
        if there.kind == CONFIGURABLE:
            linked[normal_sku(str(row["sku"]))] = row.get("extension_attributes") or {}
    for code, view in settings.views.items():
        status = ("status",) if "status" in settings.fields else ()
        async for row in shop.shown(code, keys):
            if known := found.get(normal_sku(str(row["sku"]))):
                known.content[code] = values_of(row, (*view.fields, *status))
    if settings.configurables:
        for sku, content in (await variants_shown(linked, attributes, systems)).items():
            found[sku].content[VARIANTS] = content
    if QUANTITIES in settings.fields:
        stocked = [sku for sku, one in found.items() if one.kind in WITH_STOCK]
        for sku, item in (await shop.stock_items(stocked)).items():
            found[sku].content[STOCK_ITEM] = quantities_of(item)
    return found


async def _made(sku: str, systems: Systems) -> There:
    found = await _read(systems, [sku])
    if normal_sku(sku) not in found:
        raise Unlike(f"{sku}: the shop took it and does not have it", remedy=REMEDY)
    return found[normal_sku(sku)]


def _is_fit(row: Shown, there: There) -> bool:
    if isinstance(row, ShownProduct) and row.kind == CONFIGURABLE:
        return there.kind == CONFIGURABLE
    return there.kind in WITH_STOCK


def _of_type(sku: str, kind: str) -> Unlike:
    return Unlike(
        f"{sku}: the shop has it as a product of the type {kind}",
        remedy="Map the item to another SKU (map items set), or make it a simple or virtual product"
        " in Commerce.",
    )


def _wanted(row: Shown, systems: Systems) -> Content:
    return withdrawn(systems.settings.products) if row.content is None else row.content


def _requests(row: Shown, systems: Systems) -> Sequence[Request]:
    found = []
    if isinstance(row, ShownProduct) and row.is_new:
        found.append(Request("POST", f"/all/V1/{PRODUCTS}", body_of(_first(row, systems))))
    for scope, values in _wanted(row, systems).items():
        path = f"V1/{PRODUCTS}/{row.key}"
        if scope == STOCK_ITEM:
            body = {"stockItem": stock_item_of(values)}
            found.append(Request("PUT", f"/all/{path}/stockItems/1", body))
        elif scope == VARIANTS:
            body = body_of({"extension_attributes": {LINKS: values[CHILDREN]}})
            found.append(Request("PUT", f"/all/{path}", body))
        else:
            found.append(Request("PUT", f"/{scope}/{path}", body_of(values)))
    return found


def _first(row: Shown, systems: Systems) -> dict[str, Any]:
    """A new product: disabled and without a price, until it has one."""
    if not isinstance(row, ShownProduct) or not row.is_new:
        raise Unlike(f"{row.key}: the shop does not have it any more", remedy=REMEDY)
    settings = systems.settings.products
    first = {
        "sku": row.key, "name": row.name, "type_id": row.kind, "price": Decimal(0),
        "attribute_set_id": settings.attribute_set,
        "visibility": NOT_ALONE if row.is_part else settings.visibility,
        "url_key": url_key(row.name, row.key),
    }  # fmt: skip
    if row.websites:
        first["extension_attributes"] = {"website_ids": list(row.websites)}
    known = {name: value for name, value in row.content.get(ALL, {}).items() if value is not None}
    return {**first, **known, "status": DISABLED}
