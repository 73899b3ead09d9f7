"""Finding records by any number that a person may know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sync.app.services import Services
from sync.engine.claim import Claim
from sync.engine.refused_keys import key_fault
from sync.mapping_tables.records import ItemMapping, email_digest, normal_sku
from sync.operating.mapping_rows import items_of
from sync.operating.records import Ledgers
from sync.operating.story import published_stories


@dataclass(frozen=True)
class Found:
    """`records` that are called so; by connection, the item that a SKU of that name is; and what
    publications have shown of it lately."""

    records: tuple[Claim, ...]
    items: tuple[tuple[str, ItemMapping], ...]
    published: tuple[dict[str, Any], ...] = ()


async def found_by(services: Services, text: str) -> Found:
    """By the key or number in its own system, by a number in the other one, by SKU; where nothing
    is called exactly so, by how the key begins."""
    if key_fault(text):
        return Found((), ())
    ledgers = Ledgers(services, "", "", is_configured=True)
    claims = await ledgers.find(text)
    exact = {(one.connection, one.flow, one.key): one for one in claims}
    for one in await ledgers.numbered(text):
        exact.setdefault((one.connection, one.flow, one.key), one)
    published = await published_stories(services, "", "", text)
    return Found(tuple(exact.values()), tuple(await _items(services, text)), tuple(published))


async def _items(services: Services, sku: str) -> Sequence[tuple[str, ItemMapping]]:
    found = list[tuple[str, ItemMapping]]()
    for name in services.connections if key_fault(sku) == "" else ():
        item = await items_of(services, name).get(normal_sku(sku))
        found += [(name, item)] if item is not None else []
    return found


def guest_key(services: Services, email: str) -> str:
    """What a guest's account is known by here: no address."""
    return f"guest:{email_digest(email, services.edition_parts.email_key)}"
