"""The data set in containers: what is published is what was built, wherever the job was killed;
nobody reads what is not for them; and what is forgotten leaves them too."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from azure.core.exceptions import ResourceExistsError

from sync.adapters.blobs import BlobContainer
from sync.core.errors import Later, Never
from sync.reporting import building, containers
from sync.reporting.building import Build
from sync.reporting.containers import CONTAINERS, COST, READ, STATE, WORK, KeptInContainers
from sync.reporting.duck import opened
from sync.reporting.forgetting import forget
from tests.azurite import server
from tests.reporting.container_double import Account, ContainerDouble
from tests.reporting.test_building import contents
from tests.reporting.test_forgetting import named
from tests.reporting.years import TERMS, At, Year, drawn, land

TABLES: Final = ("orders", "order_lines", "shipments")
SOURCES: Final = 3
"""Those of one shop."""


def doubles(account: Account) -> dict[str, ContainerDouble]:
    return {name: ContainerDouble(account, name) for name in CONTAINERS}


async def job(place: Path, there: Mapping[str, Any], year: Year, shape: str = "shape") -> None:
    """On a disk of its own, which is gone afterwards."""
    shutil.rmtree(place, ignore_errors=True)
    keeping = KeptInContainers(place, there)
    await keeping.fetch()
    await Build(place, At(), shape, TERMS, saved=keeping.tick).land(year.sources()[:SOURCES])
    await keeping.publish()


def fetched(place: Path, there: Mapping[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    asyncio.run(KeptInContainers(place, there).fetch())
    return {name: contents(place, name) for name in TABLES}


def built(place: Path, year: Year) -> dict[str, list[tuple[Any, ...]]]:
    land(place, year.sources()[:SOURCES])
    return {name: contents(place, name) for name in TABLES}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches, kept often."""
    monkeypatch.setattr(building, "BATCH", 4)
    monkeypatch.setattr(containers, "EVERY", 3)


def deaths_of(changes: int, number: int) -> list[int]:
    return [*range(changes, 0, -max(1, -(-changes // number)))]


some = pytest.mark.parametrize(
    "number", [2, pytest.param(100, marks=pytest.mark.long)], ids=["some", "each"]
)
"""How many moments of death are played."""


@some
def test_a_job_that_is_killed_anywhere_is_begun_again(tmp_path: Path, number: int) -> None:
    year, disk = drawn(1, size=4), tmp_path / "disk"
    wanted = built(tmp_path / "here", year)
    whole = Account()
    asyncio.run(job(disk, doubles(whole), year))
    assert fetched(disk, doubles(whole)) == wanted
    for death in deaths_of(whole.changes, number):
        account = Account(dies_at=death)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(job(disk, doubles(account), year))
        asyncio.run(job(disk, doubles(account), year))
        assert fetched(disk, doubles(account)) == wanted, death


@some
def test_with_other_settings_nothing_of_before_comes_back(tmp_path: Path, number: int) -> None:
    """Wherever the job is killed that reads all again: rows of another company would stay."""
    before, after, disk = drawn(1, size=4), drawn(2, size=2), tmp_path / "disk"
    wanted = built(tmp_path / "here", after)
    first = Account()
    asyncio.run(job(disk, doubles(first), before, "old"))
    began = first.changes
    asyncio.run(job(disk, doubles(first), after, "new"))
    assert fetched(disk, doubles(first)) == wanted
    for death in deaths_of(first.changes - began, number):
        account = Account()
        asyncio.run(job(disk, doubles(account), before, "old"))
        account.dies_at = began + death
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(job(disk, doubles(account), after, "new"))
        asyncio.run(job(disk, doubles(account), after, "new"))
        assert fetched(disk, doubles(account)) == wanted, death


async def test_of_two_jobs_at_once_one_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    year, account = drawn(3, size=4), Account()
    there, late = doubles(account), KeptInContainers(tmp_path / "late", doubles(account))
    await late.fetch()
    await Build(tmp_path / "late", At(), "shape", TERMS).land(year.sources()[:2])
    await job(tmp_path / "disk", there, year)
    with pytest.raises(Later):
        await late.publish()
    await job(tmp_path / "disk", there, year)
    await asyncio.to_thread(_equals, tmp_path, there, year)


def _equals(tmp_path: Path, there: Mapping[str, Any], year: Year) -> None:
    assert fetched(tmp_path / "disk", there) == built(tmp_path / "here", year)


def test_a_refusal_of_the_containers_is_no_fault_of_a_source(tmp_path: Path) -> None:
    class Refusing(ContainerDouble):
        async def put(self, *_: Any) -> Any:
            raise Never("refused", remedy="Give the role.")

    there = {name: Refusing(Account(), name) for name in CONTAINERS}
    with pytest.raises(Never, match="refused"):
        asyncio.run(job(tmp_path / "disk", there, drawn(1, size=4)))


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of an Azurite of its own."""
    pytest.importorskip("azure.storage.blob", reason="not installed (make test)")
    if not server.is_installed():
        pytest.skip(server.MISSING)
    place, options = tmp_path_factory.mktemp("azurite"), ("--skipApiVersionCheck",)
    with server.running(place, *options, service="blob") as port:
        yield server.connection_string(port, "Blob")


@pytest.fixture
async def account(azurite: str) -> AsyncIterator[dict[str, BlobContainer]]:
    """Its containers, empty."""
    from azure.storage.blob.aio import BlobServiceClient, ContainerClient

    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(BlobServiceClient.from_connection_string(azurite))
        found = {}
        for name in CONTAINERS:
            with suppress(ResourceExistsError):
                await service.create_container(name)
            found[name] = BlobContainer(ContainerClient.from_connection_string(azurite, name))
            stack.push_async_callback(found[name].close)
            for blob, seen in (await found[name].all()).items():
                await found[name].drop(blob, seen)
        yield found


async def test_in_azure_storage_each_reader_finds_their_own_and_an_account_that_is_gone_is_gone(
    account: dict[str, BlobContainer], tmp_path: Path
) -> None:
    there, year, disk = account, drawn(4, size=3), tmp_path / "disk"
    keeping = KeptInContainers(disk, there)
    await keeping.fetch()
    await Build(disk, At(), "shape", TERMS, saved=keeping.tick).run(year.sources())
    await keeping.publish()
    names = {name: {*await one.all()} for name, one in there.items()}
    assert {one.partition("/")[0] for one in names[COST]} == {"costs", "cost_origins", "star"}
    assert {one for one in names[COST] if "star" in one} == {"star/fact_margins.parquet"}
    assert not [one for one in names[READ] if "cost" in one or "margin" in one]
    assert names[WORK] == {STATE}
    etags = {one: await there[one].all() for one in CONTAINERS}
    await keeping.publish()
    assert {one: await there[one].all() for one in CONTAINERS} == etags
    company = next(one for one in ("usmf", "demf", "gbsi") if named(disk, one, "C-1"))
    other = tmp_path / "other"
    again = KeptInContainers(other, there)
    await again.fetch()
    assert named(other, company, "C-1")
    with opened(other / "spill") as duck:
        forget(duck, other, company, ["C-1"])
    await again.publish()
    await again.fetch()
    assert named(other, company, "C-1") == []
    assert {one.name for one in other.rglob("*.parquet")} == {
        one.name for one in disk.rglob("*.parquet")
    }
    with pytest.raises(Later, match="another build"):
        await keeping._put((WORK, STATE), _touched(disk / STATE))


def _touched(file: Path) -> Path:
    file.write_text(file.read_text() + "\n")
    return file


@pytest.fixture(params=["double", "azurite"])
def container(request: pytest.FixtureRequest) -> Any:
    if request.param == "double":
        return ContainerDouble(Account(), WORK)
    return request.getfixturevalue("account")[WORK]


async def test_a_blob_is_changed_only_as_it_was_last_seen(container: Any, tmp_path: Path) -> None:
    file, digest = tmp_path / "file", containers.digest_of
    file.write_text("one")
    first = await container.put("a/b", file, digest(file), None)
    assert await container.all() == {"a/b": first}
    with pytest.raises(Later):
        await container.put("a/b", file, digest(file), None)
    file.write_text("two")
    second = await container.put("a/b", file, digest(file), first)
    for outdated in (
        container.put("a/b", file, digest(file), first),
        container.drop("a/b", first),
        container.fetch("a/b", tmp_path / "there", first),
    ):
        with pytest.raises(Later):
            await outdated
    await container.fetch("a/b", tmp_path / "there", second)
    assert (tmp_path / "there").read_text() == "two"
    await container.drop("a/b", second)
    with pytest.raises(Later):
        await container.drop("a/b", second)
    assert await container.all() == {}
    with pytest.raises(Later):
        await container.fetch("a/b", tmp_path / "gone", second)
    assert not (tmp_path / "gone").exists()
