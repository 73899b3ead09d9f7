from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.config.connections import Items
from sync.core.ports import Row, Tables
from sync.mapping_tables.table import REMEMBERED, TABLE, Remembered
from sync.mapping_tables.tables import (
    FRESH_FOR,
    AccountMapping,
    AccountMappings,
    ItemMapping,
    ItemMappings,
    email_digest,
    normal_sku,
)
from tests.mapping_tables.clock import StillClock

KEY = b"sixteen bytes and more"
BOX = ItemMapping("Box-12", "1000", color="Red", size="L", unit="box", factor=Decimal("0.5"))
GUEST = email_digest("Ann.Lee@Example.com", KEY)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


def _items(tables: SqliteTables, clock: StillClock, **items: Any) -> ItemMappings:
    return ItemMappings(tables, "main", Items(**items), clock)


async def _rows(tables: SqliteTables, partition: str) -> list[Row]:
    return [row async for row in tables.query(TABLE, partition)]


@pytest.mark.parametrize("sku", ["Box-12", "BOX-12", " box-12\t"])
async def test_a_sku_is_found_whatever_its_case_and_the_spaces_around(
    tables: SqliteTables, clock: StillClock, sku: str
) -> None:
    items = _items(tables, clock)
    await items.put(BOX)
    assert await items.get(sku) == BOX
    assert await _items(tables, clock).get(sku) == BOX


async def test_an_item_comes_back_as_it_was_stored(tables: SqliteTables, clock: StillClock) -> None:
    full = ItemMapping(" ß/Ä ", "1", "c", "s", "st", "co", "v", "pcs", Decimal("12.000000001"))
    await _items(tables, clock).put(full)
    assert [item async for item in _items(tables, clock).all()] == [full]
    assert full.sku == "ß/Ä"
    assert full.dimensions() == {
        "ProductColorId": "c",
        "ProductSizeId": "s",
        "ProductStyleId": "st",
        "ProductConfigurationId": "co",
        "ProductVersionId": "v",
    }


async def test_an_unmapped_sku_has_no_item_unless_the_rule_says_so(
    tables: SqliteTables, clock: StillClock
) -> None:
    assert await _items(tables, clock).get("NEW") is None
    assert await _items(tables, clock, rule="sku", unit="ea").get(" NEW ") == ItemMapping(
        "NEW", "NEW", unit="ea"
    )


async def test_a_row_wins_over_the_rule_and_takes_the_connections_unit_only_where_it_has_none(
    tables: SqliteTables, clock: StillClock
) -> None:
    items = _items(tables, clock, rule="sku", unit="ea")
    await items.put_many([BOX, ItemMapping("A", "9")])
    assert await items.many(["box-12", "a"]) == {
        "box-12": BOX,
        "a": ItemMapping("A", "9", unit="ea"),
    }


@pytest.mark.parametrize("sku", ["", "  ", "a\x00b", "x" * 511, "\ud800"])
async def test_a_sku_that_no_row_can_have_is_unmapped(
    tables: SqliteTables, clock: StillClock, sku: str
) -> None:
    assert await _items(tables, clock, rule="sku").get(sku) is None


async def test_a_sku_that_is_too_long_for_an_item_is_unmapped_whatever_the_rule(
    tables: SqliteTables, clock: StillClock
) -> None:
    assert await _items(tables, clock, rule="sku").get("x" * 300) is None


async def test_many_skus_are_answered_by_their_normal_form_without_the_unmapped(
    tables: SqliteTables, clock: StillClock
) -> None:
    items = _items(tables, clock)
    await items.put_many(ItemMapping(f"S{number}", str(number)) for number in range(250))
    found = await items.many(["s1", "S1 ", "S249", "none"])
    assert {key: item.item_number for key, item in found.items()} == {"s1": "1", "s249": "249"}


class _Failing(SqliteTables):
    async def get(self, table: str, partition: str, key: str) -> Row | None:
        raise OSError(f"{table}, {partition}, {key}: out of reach")


async def test_a_table_out_of_reach_is_told_as_it_is(clock: StillClock) -> None:
    tables = _Failing(":memory:")
    with pytest.raises(OSError, match="out of reach"):
        await _items(tables, clock).many(["a", "b"])
    tables.close()


async def test_a_correction_by_another_process_is_seen_within_half_a_minute(
    tables: SqliteTables, clock: StillClock
) -> None:
    here, elsewhere = _items(tables, clock), _items(tables, clock)
    await here.put(BOX)
    assert await here.get("box-12") == BOX
    await elsewhere.put(replace(BOX, item_number="2000"))
    known = await here.get("box-12")
    clock.pass_(FRESH_FOR)
    corrected = await here.get("box-12")
    assert known == BOX
    assert corrected is not None
    assert corrected.item_number == "2000"


async def test_what_was_unmapped_is_found_as_soon_as_it_is_mapped(
    tables: SqliteTables, clock: StillClock
) -> None:
    here = _items(tables, clock)
    assert await here.get("box-12") is None
    await _items(tables, clock).put(BOX)
    assert await here.get("box-12") == BOX


async def test_a_correction_in_the_same_process_is_seen_at_once(
    tables: SqliteTables, clock: StillClock
) -> None:
    items = _items(tables, clock)
    await items.put(BOX)
    assert await items.get("box-12") == BOX
    await items.remove("BOX-12")
    await items.remove("BOX-12")
    assert await items.get("box-12") is None


async def test_a_sku_that_custom_options_made_longer_is_the_item_of_its_product(
    tables: SqliteTables, clock: StillClock
) -> None:
    asked: list[set[int]] = []

    async def base_skus(ids: Collection[int]) -> dict[int, str]:
        asked.append(set(ids))
        return {24: "eng-1", 30: "ENG-10", 31: "UNMAPPED"}

    def opened(**items: Any) -> ItemMappings:
        return ItemMappings(tables, "main", Items(**items), clock, base_skus)

    items = opened(custom_options="base", unit="ea")
    await items.put_many([ItemMapping("ENG-1", "E", color="Red"), ItemMapping("ENG-1-GLO", "G")])
    orders = {"ENG-1-TXT": 24, "ENG-1-GLO": 24, "ENG-1": 24, "ENG-1X": 30, "UNMAPPED-1": 31, "Z": 9}
    found = await items.of(orders, orders)
    assert {sku: (item.item_number, item.color, item.unit) for sku, item in found.items()} == {
        "eng-1-txt": ("E", "Red", "ea"), "eng-1": ("E", "Red", "ea"), "eng-1-glo": ("G", "", "ea"),
    }  # fmt: skip
    assert asked == [{24, 30, 31, 9}]
    assert sorted(await opened().of(orders, orders)) == ["eng-1", "eng-1-glo"]
    assert len(asked) == 1
    by_rule = await opened(custom_options="base", rule="sku").of(["ENG-1-TXT"], {"ENG-1-TXT": 24})
    assert by_rule["eng-1-txt"].item_number == "E"


async def test_connections_do_not_share_mappings(tables: SqliteTables, clock: StillClock) -> None:
    await _items(tables, clock).put(BOX)
    assert await ItemMappings(tables, "other", Items(), clock).get("box-12") is None


async def test_a_comparison_tells_new_changed_and_same_and_writes_nothing(
    tables: SqliteTables, clock: StillClock
) -> None:
    items = _items(tables, clock)
    await items.put_many([BOX, ItemMapping("A", "1")])
    changed = ItemMapping("a", "2")
    comparison = await items.compare([ItemMapping("N", "3"), changed, BOX])
    assert comparison.counts() == {"new": 1, "changed": 1, "same": 1}
    assert comparison.changed == (changed,)
    assert [item.item_number async for item in items.all()] == ["1", "1000"]


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"sku": " "}, "sku is empty"),
        ({"item_number": ""}, "item_number is empty"),
        ({"sku": "a\nb"}, "sku holds a control character"),
        ({"color": "\udc80"}, "color holds a control character"),
        ({"sku": "x" * 256}, "sku has more than 255 characters"),
        ({"sku": "ΐ" * 200}, "sku has more than 255 characters"),
        ({"factor": Decimal(0)}, "factor is not between"),
        ({"factor": Decimal(-1)}, "factor is not between"),
        ({"factor": Decimal("NaN")}, "factor is not between"),
        ({"factor": Decimal("1e9")}, "factor is not between"),
        ({"factor": Decimal("1.0000000001")}, "factor has more than nine decimals"),
    ],
)
def test_an_item_mapping_that_makes_no_sense_cannot_be(values: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        ItemMapping(**{"sku": "A", "item_number": "1", **values})


def accounts_in(tables: Tables, clock: StillClock) -> AccountMappings:
    return AccountMappings(tables, "main", clock, home="usmf")


async def test_an_account_is_learned_once_and_the_first_one_holds(
    tables: SqliteTables, clock: StillClock
) -> None:
    accounts = accounts_in(tables, clock)
    first = AccountMapping("customer", "17", "US-001", "created", "usmf")
    assert await accounts.learn(first) == first
    assert await accounts_in(tables, clock).learn(replace(first, account="US-002")) == first
    assert await accounts.get("customer", "17", "usmf") == first
    assert await accounts_in(tables, clock).get("customer", "17", "usmf") == first
    assert await accounts.get("company", "17", "usmf") is None


async def test_an_account_is_one_of_one_legal_entity(
    tables: SqliteTables, clock: StillClock
) -> None:
    accounts = accounts_in(tables, clock)
    american, german = (
        AccountMapping("customer", "17", name, "import", name[:4]) for name in ("usmf-1", "demf-1")
    )
    await accounts.learn(american)
    assert await accounts.get("customer", "17", "demf") is None
    assert await accounts.learn(german) == german
    assert await accounts.get("customer", "17", "usmf") == american
    assert (await accounts.compare([american, replace(german, account="demf-2")])).counts() == {
        "new": 0, "changed": 1, "same": 1,
    }  # fmt: skip
    await accounts.remove("customer", "17", "usmf")
    assert [mapping async for mapping in accounts.all()] == [german]


class _Counting(SqliteTables):
    """Counts reads."""

    reads = 0

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        self.reads += 1
        return await super().get(table, partition, key)


async def test_what_was_just_looked_for_is_learned_without_looking_again(
    clock: StillClock,
) -> None:
    tables = _Counting(":memory:")
    accounts, mapping = (
        accounts_in(tables, clock),
        AccountMapping("customer", "17", "US-001", "created", "usmf"),
    )
    assert await accounts.get("customer", "17", "usmf") is None
    assert await accounts.get("customer", "17", "usmf") is None
    assert tables.reads == 3  # the row twice, the one from before once: none is written any more
    assert await accounts.learn(mapping) == mapping
    assert tables.reads == 3
    tables.close()


async def test_a_row_from_before_gets_the_legal_entity_that_its_account_is_in(
    tables: SqliteTables, clock: StillClock
) -> None:
    asked = []

    async def entity_of(old: AccountMapping) -> str:
        asked.append(old.account)
        return "demf"

    def opened() -> AccountMappings:
        return AccountMappings(tables, "main", clock, home="usmf", entity_of=entity_of)

    await tables.insert(TABLE, Row("main:accounts", "customer:17", OLD_ROW))
    assert await opened().get("customer", "17", "usmf") is None
    found = await opened().get("customer", "17", "demf")
    assert found == AccountMapping("customer", "17", "US-001", "import", "demf")
    assert asked == ["US-001"]
    assert [row.key for row in await _rows(tables, "main:accounts")] == ["customer:17@demf"]


OLD_ROW = {"kind": "customer", "source_key": "17", "account": "US-001", "matched_by": "import"}
"""As it was written before a row named its legal entity."""


async def test_a_row_without_a_legal_entity_is_of_the_connections_own(
    tables: SqliteTables, clock: StillClock
) -> None:
    await tables.insert(TABLE, Row("main:accounts", "customer:17", OLD_ROW))
    accounts, known = (
        accounts_in(tables, clock),
        AccountMapping("customer", "17", "US-001", "import", "usmf"),
    )
    assert await accounts.get("customer", "17", "demf") is None
    assert await accounts.get("customer", "17", "usmf") == known
    assert await accounts.learn(replace(known, account="US-002")) == known
    assert [mapping async for mapping in accounts.all()] == [known]
    assert (await accounts.compare([replace(known, company="")])).same == (known,)
    await accounts.put(replace(known, account="US-003"))
    assert [mapping.account async for mapping in accounts.all()] == ["US-003"]
    assert len(await _rows(tables, "main:accounts")) == 1


async def test_a_row_without_a_legal_entity_can_be_forgotten(
    tables: SqliteTables, clock: StillClock
) -> None:
    await tables.insert(TABLE, Row("main:accounts", "customer:17", OLD_ROW))
    accounts = accounts_in(tables, clock)
    await accounts.remove("customer", "17", "demf")
    assert await accounts.get("customer", "17", "usmf") is not None
    await accounts.remove("customer", "17", "usmf")
    assert await accounts.get("customer", "17", "usmf") is None


class _Forgetful(SqliteTables):
    """Somebody else stores the row first, and it is gone again by the time it is read, once."""

    races = True

    async def insert(self, table: str, row: Row) -> Row:
        if self.races:
            await super().insert(table, row)
        return await super().insert(table, row)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        found = await super().get(table, partition, key)
        if found is None or not self.races:
            return found
        self.races = False
        await self.delete(table, partition, key)
        return None


async def test_an_account_whose_mapping_is_removed_meanwhile_is_learned_anew(
    clock: StillClock,
) -> None:
    tables = _Forgetful(":memory:")
    mapping = AccountMapping("customer", "17", "US-001", "created", "usmf")
    assert await accounts_in(tables, clock).learn(mapping) == mapping
    assert len(await _rows(tables, "main:accounts")) == 1
    tables.close()


async def test_accounts_are_put_listed_compared_and_removed(
    tables: SqliteTables, clock: StillClock
) -> None:
    accounts = accounts_in(tables, clock)
    guest = AccountMapping("guest", GUEST, "G1", "import", "usmf")
    firm = AccountMapping("company", "3", "C3", "import", "usmf")
    await accounts.put(guest)
    await accounts.put_many([firm])
    assert [mapping async for mapping in accounts.all()] == [firm, guest]
    assert (await accounts.compare([guest])).same == (guest,)
    await accounts.remove("guest", GUEST, "usmf")
    assert await accounts.get("guest", GUEST, "usmf") is None


def test_the_digest_of_an_address_ignores_case_and_depends_on_the_key() -> None:
    assert email_digest(" ann.lee@EXAMPLE.com ", KEY) == GUEST
    assert email_digest("ann.lee@example.com", KEY[::-1]) != GUEST
    with pytest.raises(ValueError, match="16 or more"):
        email_digest("ann.lee@example.com", b"short")


async def test_no_address_lies_in_the_tables(tables: SqliteTables, clock: StillClock) -> None:
    accounts = accounts_in(tables, clock)
    await accounts.put(AccountMapping("guest", GUEST, "G1", "created"))
    (row,) = await _rows(tables, "main:accounts")
    assert "ann" not in repr(row).lower()


@pytest.mark.parametrize(
    ("kind", "source", "account", "fault"),
    [
        ("guest", "ann.lee@example.com", "G1", "source_key of a guest is not an e-mail digest"),
        ("customer", "ann.lee@example.com", "G1", "source_key of a customer is not an id"),
        ("customer", "017", "G1", "source_key of a customer is not an id"),
        ("company", "", "G1", "source_key of a company is not an id"),
        ("visitor", "1", "G1", "kind is none of customer, guest, company"),
        ("company", "1", " ", "account is empty"),
    ],
)
def test_an_account_mapping_that_makes_no_sense_cannot_be(
    kind: Any, source: str, account: str, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault) as caught:
        AccountMapping(kind, source, account, "import")
    assert "ann" not in str(caught.value)


def test_what_is_remembered_does_not_grow_without_end(clock: StillClock) -> None:
    remembered: Remembered[int] = Remembered(clock, timedelta(seconds=1))
    for number in range(REMEMBERED + 1):
        remembered.keep(str(number), number)
    assert remembered.get("0") is None
    assert remembered.get(str(REMEMBERED)) == REMEMBERED


def test_a_normal_sku_stays_as_it_is() -> None:
    for sku in ("Straße", " İ ", "Ab-1", "ﬁ"):
        assert normal_sku(normal_sku(sku)) == normal_sku(sku)
