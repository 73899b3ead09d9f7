"""What the Table Storage adapter makes of a service in trouble: the real SDK over HTTP, against
answers of its kind."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web

from sync.adapters.table_storage.tables import AzureTables
from sync.core.errors import Later, Never
from sync.core.ports import Conflict, Delete, Insert, Replace, Row, Upsert
from tests.doubles.identities import Directory, Identity

SECRET_KEY = "somebody@example.test"
ROW = Row(
    "main|customers", SECRET_KEY, {"n": 1}, etag="W/\"datetime'2026-11-01T00%3A00%3A00.0000000Z'\""
)


def delete_any(tables: AzureTables) -> Awaitable[object]:
    return tables.delete("claims", ROW.partition, ROW.key)


WRITES: tuple[Callable[[AzureTables], Awaitable[object]], ...] = (
    lambda tables: tables.insert("claims", ROW),
    lambda tables: tables.replace("claims", ROW),
    lambda tables: tables.upsert("claims", ROW),
    delete_any,
    lambda tables: tables.delete("claims", ROW.partition, ROW.key, ROW.etag),
    lambda tables: tables.transact("claims", [Upsert(ROW), Delete(Row(ROW.partition, "other"))]),
)


async def queried(tables: AzureTables) -> list[Row]:
    return [row async for row in tables.query("claims", ROW.partition)]


async def listed(tables: AzureTables) -> list[str]:
    return [partition async for partition in tables.partitions("claims")]


READS: tuple[Callable[[AzureTables], Awaitable[object]], ...] = (
    lambda tables: tables.get("claims", ROW.partition, ROW.key),
    queried,
    listed,
)


@dataclass
class Troubled:
    """Answers every request with one error of the service, or with nothing. The fields are
    dials."""

    status: int = 503
    code: str = "ServerBusy"
    headers: dict[str, str] = field(default_factory=dict)
    drops: int = 0
    xml: bool = False
    tables_code: str = ""
    requests: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.requests += 1
        await request.read()
        if self.drops > 0:
            self.drops -= 1
            assert request.transport is not None
            request.transport.abort()
        if self.tables_code:
            is_new = request.path.endswith("/Tables")
            self.status, self.code = (409, self.tables_code) if is_new else (404, "TableNotFound")
        text = f"0:{self.code} about {SECRET_KEY}"
        if self.xml:
            body, kind = (
                (
                    "<?xml"
                    f' version="1.0"?><Error><Code>{self.code}</Code><Message>{text}</Message>'
                    f"</Error>"
                ),
                "xml",
            )
        else:
            error = {"code": self.code, "message": {"lang": "en-US", "value": text}}
            body, kind = json.dumps({"odata.error": error}), "json"
        headers = {"x-ms-request-id": "request-1", **self.headers}
        return web.Response(
            text=body, status=self.status, content_type=f"application/{kind}", headers=headers
        )


@pytest.fixture
async def service() -> Troubled:
    return Troubled()


@pytest.fixture
async def tables(service: Troubled) -> AsyncIterator[AzureTables]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    endpoint = f"http://127.0.0.1:{port}/account"
    tables = AzureTables.from_connection_string(
        f"AccountName=account;AccountKey=a2V5;TableEndpoint={endpoint};"
    )
    yield tables
    await tables.close()
    await runner.cleanup()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_service_that_is_busy_or_broken_is_later(
    service: Troubled, tables: AzureTables, status: int
) -> None:
    service.status = status
    for number, attempt in enumerate((*WRITES, *READS), 1):
        with pytest.raises(Later, match=f"HTTP {status}") as caught:
            await attempt(tables)
        assert not caught.value.counts
        assert SECRET_KEY not in str(caught.value)
        assert service.requests == number


@pytest.mark.parametrize(
    ("wished", "after"),
    [("7", timedelta(seconds=7)), ("99999", timedelta(minutes=10)), ("soon", None)],
)
async def test_a_busy_service_is_left_alone_for_as_long_as_it_wishes(
    service: Troubled, tables: AzureTables, wished: str, after: timedelta | None
) -> None:
    service.headers["Retry-After"] = wished
    for number, attempt in enumerate((*WRITES, *READS), 1):
        with pytest.raises(Later) as caught:
            await attempt(tables)
        assert caught.value.after == after
        assert service.requests == number


async def test_a_write_whose_answer_was_lost_is_not_sent_again(
    service: Troubled, tables: AzureTables
) -> None:
    service.drops = 100
    once = [write for write in WRITES if write is not delete_any]
    for number, write in enumerate(once, 1):
        with pytest.raises(Later, match="does not answer"):
            await write(tables)
        assert service.requests == number


@pytest.mark.parametrize("read", READS, ids=["get", "query", "partitions"])
async def test_a_read_whose_answer_was_lost_is_tried_again_once(
    service: Troubled, tables: AzureTables, read: Callable[[AzureTables], Awaitable[object]]
) -> None:
    service.drops = 1
    with pytest.raises(Later, match="HTTP 503"):
        await read(tables)
    assert service.requests == 2


@pytest.mark.parametrize("xml", [False, True], ids=["json", "xml"])
async def test_a_missing_right_needs_a_person(
    service: Troubled, tables: AzureTables, xml: bool
) -> None:
    service.status, service.code, service.xml = 403, "AuthorizationPermissionMismatch", xml
    for attempt in (*WRITES, *READS):
        with pytest.raises(Never, match="AuthorizationPermissionMismatch, HTTP 403") as caught:
            await attempt(tables)
        assert "Storage Table Data Contributor" in caught.value.remedy
        assert caught.value.code == "request-1"
        assert SECRET_KEY not in f"{caught.value}{caught.value.remedy}"


async def test_a_token_that_is_not_accepted_is_later(
    service: Troubled, tables: AzureTables
) -> None:
    service.status, service.code = 401, "InvalidAuthenticationInfo"
    for attempt in (*WRITES, *READS):
        with pytest.raises(Later, match="no token") as caught:
            await attempt(tables)
        assert caught.value.after == timedelta(minutes=5)


@pytest.mark.parametrize("code", ["TableBeingDeleted", "TableAlreadyExists"])
async def test_a_table_that_is_neither_there_nor_to_be_made_is_later(
    service: Troubled, tables: AzureTables, code: str
) -> None:
    service.tables_code = code
    with pytest.raises(Later, match="being deleted"):
        await tables.insert("claims", ROW)


async def test_a_request_that_is_not_understood_is_a_fault_of_the_product(
    service: Troubled, tables: AzureTables
) -> None:
    service.status, service.code = 400, "InvalidInput"
    for attempt in (*WRITES, *READS):
        with pytest.raises(Never, match="InvalidInput, HTTP 400") as caught:
            await attempt(tables)
        assert caught.value.code == "request-1"
        assert SECRET_KEY not in str(caught.value)


async def test_a_transaction_that_is_too_large_as_it_is_sent_is_refused(
    service: Troubled, tables: AzureTables
) -> None:
    service.status, service.code = 413, "RequestBodyTooLarge"
    with pytest.raises(ValueError, match=r"claims.*4 MiB"):
        await tables.transact("claims", [Insert(ROW)])


async def test_a_service_out_of_reach_is_later() -> None:
    tables = AzureTables.from_connection_string(
        "AccountName=account;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/account;"
    )
    for attempt in (*WRITES, *READS):
        with pytest.raises(Later, match="cannot be reached") as caught:
            await attempt(tables)
        assert not caught.value.counts
    await tables.close()


async def test_an_identity_without_a_token_is_later() -> None:
    identity = Identity("app", Directory(reachable=False))
    tables = AzureTables.of_account("https://127.0.0.1:1", identity)
    with pytest.raises(Later, match="no token") as caught:
        await tables.get("claims", "p", "k")
    assert "secret-looking-detail" not in str(caught.value)
    await tables.close()


async def test_a_replace_without_an_etag_asks_nobody(
    service: Troubled, tables: AzureTables
) -> None:
    with pytest.raises(Conflict):
        await tables.replace("claims", Row("p", "k"))
    with pytest.raises(Conflict):
        await tables.transact("claims", [Replace(Row("p", "k"))])
    assert service.requests == 0


@pytest.mark.parametrize(
    "text", ["", "AccountName=a", "AccountName=a;AccountKey=secret-looking-detail", "nonsense"]
)
def test_a_connection_string_that_cannot_be_read_needs_a_person(text: str) -> None:
    if "AccountKey" in text:
        text = text.replace("AccountName=a;", "")
    with pytest.raises(Never, match="connection string") as caught:
        AzureTables.from_connection_string(text)
    assert "secret-looking-detail" not in f"{caught.value} {caught.value.remedy}"
