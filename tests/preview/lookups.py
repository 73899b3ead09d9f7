"""Mapping tables for previews under test: the example's, with items or an account put there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sync.config.connections import Connection
from sync.engine.systems import Systems
from sync.mapping_tables.records import AccountKind, AccountMapping, ItemMapping, normal_sku
from sync.mapping_tables.tables import AccountMappings, ItemMappings
from sync.preview.example import example_lookups
from sync.preview.given import given_systems
from sync.preview.input_files import Inputs
from sync.preview.unasked import Lookups
from tests.contracts.hand_clock import HandClock

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EXAMPLE = example_lookups(HandClock(NOW))


class Items(ItemMappings):
    """These items alone. `bases`: what the shop would say of skus that custom options made."""

    def __init__(self, items: Iterable[ItemMapping], bases: Iterable[ItemMapping] = ()) -> None:
        self._listed = {normal_sku(item.sku): item for item in items}
        self._bases = {normal_sku(item.sku): item for item in bases}
        self.asked: list[Mapping[str, int]] = []

    async def many(self, skus: Iterable[str]) -> dict[str, ItemMapping]:
        return {key: self._listed[key] for key in map(normal_sku, skus) if key in self._listed}

    async def by_base(self, with_options: Mapping[str, int]) -> dict[str, ItemMapping]:
        self.asked.append(with_options)
        return self._bases


@dataclass
class Account(AccountMappings):
    """Everybody has this account."""

    account: str
    matched_by: str

    async def get(self, kind: AccountKind, source_key: str, company: str) -> AccountMapping | None:
        return AccountMapping(kind, source_key, self.account, self.matched_by, company)


def with_items(*items: ItemMapping, bases: Iterable[ItemMapping] = ()) -> Lookups:
    """The example, where these are all the items."""
    return replace(EXAMPLE, items=Items(items, bases))


def with_account(account: str, matched_by: str = "created") -> Lookups:
    """The example, where everybody has this account."""
    return replace(EXAMPLE, accounts=Account(account, matched_by))


def systems_of(
    settings: Connection, inputs: Inputs | None = None, lookups: Lookups = EXAMPLE
) -> Systems:
    """A connection as these documents show it."""
    return given_systems("shop", settings, inputs or Inputs(), lookups, HandClock(NOW))
