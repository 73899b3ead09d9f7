"""The tables' contract, on the Table Storage adapter: the real SDK over HTTP, against Azurite."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from azure.data.tables.aio import TableServiceClient

from sync.adapters.table_storage.tables import AzureTables
from sync.core.errors import Never
from sync.core.ports import Conflict, Delete, Insert, Row
from tests.azurite import server
from tests.contracts.tables_contract import TablesContract
from tests.contracts.tables_under_test import TablesUnderTest
from tests.doubles import certificates
from tests.doubles.identities import Directory, Identity

_numbers = itertools.count(1)


@pytest.fixture
async def t(azurite: str) -> AsyncIterator[TablesUnderTest]:
    tables = AzureTables.from_connection_string(azurite)
    yield TablesUnderTest(tables, f"rows{next(_numbers)}x")
    await tables.close()


class TestAzureTables(TablesContract):
    @pytest.fixture
    async def t(self, t: TablesUnderTest) -> TablesUnderTest:
        return t


async def test_of_concurrent_first_writes_each_makes_the_table_and_none_fails(
    t: TablesUnderTest,
) -> None:
    rows = [Row(f"p{number}", "k", {"n": number}) for number in range(20)]
    await asyncio.gather(*(t.tables.insert(t.name, row) for row in rows))
    assert [p async for p in t.tables.partitions(t.name)] == sorted(row.partition for row in rows)


async def test_a_table_that_was_deleted_is_made_again(t: TablesUnderTest, azurite: str) -> None:
    await t.tables.insert(t.name, Row("p", "old"))
    async with TableServiceClient.from_connection_string(azurite) as service:
        await service.delete_table(t.name)
    assert await t.tables.get(t.name, "p", "old") is None
    await t.tables.transact(t.name, [Insert(Row("p", "new"))])
    assert await t.keys("p") == ["new"]


async def test_a_transaction_may_delete_nothing_at_all(t: TablesUnderTest) -> None:
    await t.tables.insert(t.name, Row("p", "stays"))
    await t.tables.transact(t.name, [Delete(Row("p", f"{number}")) for number in range(5)])
    await t.tables.transact(
        t.name,
        [
            Delete(Row("p", "a")),
            Insert(Row("p", "b")),
            Delete(Row("p", "c")),
            Insert(Row("p", "d")),
        ],
    )
    assert await t.keys("p") == ["b", "d", "stays"]


async def test_a_transaction_in_an_unknown_table_that_needs_a_version_is_a_conflict(
    t: TablesUnderTest,
) -> None:
    elsewhere = await t.tables.insert(t.name + "2", Row("p", "k"))
    with pytest.raises(Conflict):
        await t.tables.transact(t.name, [Delete(elsewhere), Insert(Row("p", "new"))])
    with pytest.raises(Conflict):
        await t.tables.delete(t.name, "p", "k", elsewhere.etag)
    assert await t.keys("p") == []


async def test_partitions_are_listed_whatever_their_size(t: TablesUnderTest) -> None:
    names = (
        [f"a/{number:02}" for number in range(20)]
        + ["b/big"]
        + [f"c.{number:02}" for number in range(20)]
    )
    await asyncio.gather(*(t.tables.insert(t.name, Row(name, "k")) for name in names))
    await t.fill("b/big", [f"{number:04}" for number in range(1100)])
    assert [partition async for partition in t.tables.partitions(t.name)] == names


async def test_a_bound_may_hold_what_no_key_does(t: TablesUnderTest) -> None:
    await t.fill("p", ["a", "a b", "a~", "aé", "b"])
    assert await t.keys("p", start="a\x00") == ["a b", "a~", "aé", "b"]
    assert await t.keys("p", start="a", before="a\x7f") == ["a", "a b", "a~"]
    assert await t.keys("p", start="a", before="a\U0010ffff") == ["a", "a b", "a~", "aé"]


async def test_the_service_sees_keys_that_a_person_can_read(
    t: TablesUnderTest, azurite: str
) -> None:
    await t.tables.insert(t.name, Row("main|orders", "eu/000000042"))
    async with TableServiceClient.from_connection_string(azurite) as service:
        (entity,) = [found async for found in service.get_table_client(t.name).list_entities()]
    assert (entity["PartitionKey"], entity["RowKey"]) == ("main|orders", "eu.~000000042")


async def test_a_wrong_key_needs_a_person(azurite: str) -> None:
    tables = AzureTables.from_connection_string(
        azurite.replace("AccountKey=Eby8", "AccountKey=Eby9")
    )
    with pytest.raises(Never, match="refuses access") as caught:
        await tables.get("rows", "p", "k")
    assert "Storage Table Data Contributor" in caught.value.remedy
    for attempt in (
        tables.insert("rows", Row("p", "k")),
        tables.delete("rows", "p", "k", 'W/"1"'),
        tables.delete("rows", "p", "k"),
    ):
        with pytest.raises(Never, match="refuses access"):
            await attempt
    await tables.close()


async def test_an_identity_is_let_in_by_its_token_and_its_credential_stays_the_callers(
    installed: None, tmp_path: Path
) -> None:
    files = certificates.made(tmp_path, ["localhost"])
    identity = Identity("app", Directory())
    with server.running(
        tmp_path, "--oauth", "basic", "--cert", str(files.certificate), "--key", str(files.key)
    ) as port:
        endpoint = f"https://localhost:{port}/devstoreaccount1"
        tables = AzureTables.of_account(endpoint, identity, connection_verify=str(files.authority))
        row = await tables.insert("claims", Row("p", "k", {"n": 1}))
        assert await tables.get("claims", "p", "k") == row
        await tables.transact("claims", [Delete(row), Insert(Row("p", "l"))])
        assert [found.key async for found in tables.query("claims", "p")] == ["l"]
        await tables.close()
    assert set(identity.directory.tokens.values()) == {("app", "https://storage.azure.com")}
    assert identity.closed == 0
