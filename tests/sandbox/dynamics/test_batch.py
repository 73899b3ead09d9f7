import json
from typing import Any

import httpx
import pytest

from tests.sandbox.dynamics.conftest import Environment

HEADER: dict[str, Any] = {
    "dataAreaId": "usmf",
    "OrderingCustomerAccountNumber": "US-001",
    "SalesOrderNumber": "W1",
    "DefaultShippingSiteId": "1",
}


def operation(
    request: str, body: Any = None, content_id: str = "1", encoding: str = "binary"
) -> str:
    marked = f"Content-ID: {content_id}\r\n" if content_id else ""
    head = (
        "Content-Type: application/http\r\nContent-Transfer-Encoding:"
        f" {encoding}\r\n{marked}\r\n{request} HTTP/1.1\r\n"
    )
    if body is None:
        return f"{head}Accept: application/json\r\n\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n{json.dumps(body)}"


def parts(boundary: str, *inside: str) -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in inside) + f"--{boundary}--\r\n"


def changeset(*inside: str, boundary: str = "c1") -> str:
    return f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n{parts(boundary, *inside)}"


def order(number: str, *items: str) -> str:
    header = operation(
        "POST /data/SalesOrderHeadersV4?cross-company=true",
        {**HEADER, "SalesOrderNumber": number},
        "1",
    )
    lines = [
        operation(
            "POST https://fo.example/data/SalesOrderLinesV3",
            {"dataAreaId": "usmf", "SalesOrderNumber": number, "ItemNumber": item},
            str(place),
        )
        for place, item in enumerate(items, 2)
    ]
    return changeset(header, *lines)


async def sent(fo: Environment, *inside: str, raw: str | None = None) -> httpx.Response:
    fo.state.settings.manual.add("SalesOrderNumber")
    content = parts("b1", *inside) if raw is None else raw
    headers = {"Content-Type": "multipart/mixed; boundary=b1"}
    return await fo.client.post("/data/$batch", content=content.encode(), headers=headers)


def statuses(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [
        int(line.split()[1]) for line in answer.text.split("\r\n") if line.startswith("HTTP/1.1 ")
    ]


async def test_a_document_is_written_in_one_request(fo: Environment) -> None:
    answer = await sent(fo, order("W1", "A0001", "A0002"))
    assert statuses(answer) == [201, 201, 201]
    assert len(fo.state.lines("usmf", "W1")) == 2
    assert fo.state.requests == {"batch": 1}
    assert answer.headers["content-type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert '"InventoryLotId":"USMF-00000002"' in answer.text


async def test_a_changeset_is_all_or_nothing_and_says_one_error(fo: Environment) -> None:
    before = fo.state.snapshot()
    answer = await sent(fo, order("W1", "A0001", "NOPE"))
    assert statuses(answer) == [500]
    assert (
        "The value 'NOPE' in field 'Item number' is not found in the related table 'Items'."
        in answer.text
    )
    assert "Content-ID: 1\r\n" in answer.text
    assert {name: rows for name, rows in fo.state.snapshot().items() if rows} == before


async def test_changesets_succeed_and_fail_by_themselves(fo: Environment) -> None:
    answer = await sent(fo, order("W1", "NOPE"), order("W2", "A0001"), order("W2", "A0001"))
    assert statuses(answer) == [500, 201, 201, 500]
    assert "The record already exists." in answer.text
    assert (fo.state.order("usmf", "W1"), len(fo.state.lines("usmf", "W2"))) == (None, 1)


async def test_what_the_odata_layer_refuses_is_400_in_a_batch_too(fo: Environment) -> None:
    wrong = operation("POST /data/SalesOrderHeadersV4", {**HEADER, "Nope": 1})
    answer = await sent(fo, changeset(wrong), operation("GET /data/SalesOrderLinesV2"))
    assert statuses(answer) == [400, 404]


async def test_reads_and_writes_stand_side_by_side(fo: Environment) -> None:
    key = "SalesOrderHeadersV4(dataAreaId='usmf',SalesOrderNumber='W1')?cross-company=true"
    answer = await sent(
        fo,
        operation(f"GET /data/{key}"),
        operation("POST /data/SalesOrderHeadersV4", HEADER),
        operation(f"GET {key}", content_id=""),
        changeset(
            operation(f"PATCH /data/{key}", {"URL": "x"}),
            operation(f"DELETE /data/{key}", content_id="2"),
        ),
        operation(f"PATCH /data/{key}", {"URL": "y"}),
    )
    assert statuses(answer) == [404, 201, 200, 204, 204, 500]
    assert "Content-ID: 2\r\n" in answer.text
    assert "No resources were found when selecting for update." in answer.text


async def test_a_reference_to_another_operation_does_not_resolve(fo: Environment) -> None:
    line = {"dataAreaId": "usmf", "SalesOrderNumber": "$1", "ItemNumber": "A0001"}
    answer = await sent(
        fo,
        changeset(
            operation("POST /data/SalesOrderHeadersV4", HEADER),
            operation("POST /data/SalesOrderLinesV3", line, "2"),
        ),
        changeset(operation("PATCH /data/$1", {"URL": "x"})),
    )
    assert statuses(answer) == [500, 404]
    assert "The value '$1' in field 'Sales order'" in answer.text


GET = operation("GET /data/Currencies")
POST = operation("POST /data/SalesOrderHeadersV4", HEADER)


@pytest.mark.parametrize(
    "raw",
    [
        parts("b1", GET).removesuffix("--b1--\r\n"),
        parts("b1", GET).replace("\r\n", "\n"),
        parts("b2", GET),
        "",
        parts("b1", GET.replace("binary", "8bit")),
        parts("b1", GET.replace("application/http", "application/json")),
        parts("b1", GET.replace(" HTTP/1.1", "")),
        parts("b1", GET.replace("GET", "LIST")),
        parts("b1", GET.replace("Accept: ", "Accept ")),
        parts("b1", GET).replace("--b1\r\n", "--b1x\r\n"),
        parts("b1", "Content-Type: application/http"),
        parts("b1", changeset(GET)),
        parts("b1", changeset(POST, POST)),
        parts("b1", changeset(POST.replace("Content-ID: 1\r\n", ""))),
        parts("b1", changeset(POST).replace("boundary=c1", "boundary=c2")),
        parts("b1", *[GET] * 5001),
    ],
)
async def test_a_batch_that_is_not_exactly_one_is_refused_whole(fo: Environment, raw: str) -> None:
    answer = await sent(fo, raw=raw)
    assert answer.status_code == 400
    assert fo.state.snapshot().get("SalesTable", []) == []


async def test_a_batch_says_what_it_is(fo: Environment) -> None:
    for kind in ("application/json", "multipart/mixed", ""):
        answer = await fo.client.post(
            "/data/$batch", content=parts("b1", GET), headers={"Content-Type": kind}
        )
        assert answer.status_code == 400
    assert (await fo.client.get("/data/$batch")).status_code == 405
