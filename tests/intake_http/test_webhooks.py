"""A webhook: verified over its raw bytes, its key taken out and stored, answered; or refused and
nothing stored."""

from typing import Any

import pytest

from sync.core.encoding import from_json, to_json
from tests.conftest import ABSENT, SHARED_SAMPLES
from tests.intake_http.harness import (
    HEADER,
    ROTATED,
    STRANGER,
    Harness,
    public_pem,
    signed_by_commerce,
    signed_by_gateway,
)

BODY = to_json(
    {
        "data": {
            "order": {
                "increment_id": "000000042",
                "store_id": "1",
                "customer_email": "jane@example.com",
            }
        }
    }
)


async def test_a_signed_hook_is_stored_and_answered_with_success(harness: Harness) -> None:
    answer = await harness.hook(BODY)
    assert (answer.status, answer.body, answer.content_type) == (
        200,
        b'{"op":"success"}',
        "application/json",
    )
    assert await harness.stored() == ["orders 000000042@1"]


async def test_the_key_being_rotated_in_is_as_good(harness: Harness) -> None:
    assert (await harness.hook(BODY, signed_by_commerce(BODY, ROTATED))).status == 200
    assert await harness.depth() == 1


async def test_repeats_within_a_second_are_one_message(harness: Harness) -> None:
    for _ in range(5):
        assert (await harness.hook(BODY)).status == 200
    assert await harness.stored() == ["orders 000000042@1"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: ""},
        {HEADER: "   "},
        {HEADER: "not base64!"},
        {HEADER: "AAAA"},
        signed_by_commerce(BODY, STRANGER),
        signed_by_commerce(BODY + b" "),
        {"authorization": "Bearer x"},
        {HEADER.upper(): "é"},
        {HEADER: "A" * 100_000},
        {
            HEADER: signed_by_commerce(BODY)[HEADER],
            HEADER.upper(): signed_by_commerce(BODY)[HEADER],
        },
    ],
)
async def test_an_unsigned_or_wrongly_signed_body_stores_nothing(
    harness: Harness, headers: dict[str, str]
) -> None:
    answer = await harness.hook(BODY, headers)
    assert answer.status == 401
    assert set(from_json(answer.body)) == {"error", "remedy"}
    assert await harness.depth() == 0


async def test_a_flow_is_not_told_to_who_did_not_sign(harness: Harness) -> None:
    assert (await harness.hook(BODY, {}, to="bikes/nothing")).status == 401
    assert (await harness.hook(BODY, to="bikes/nothing")).status == 404


@pytest.mark.parametrize(
    "to",
    [
        "bikes/nothing",
        "bikes/",
        "bikes/ORDERS",
        "bikes/payments",
        "nobody/orders",
        "/orders",
        "bikes/orders/x",
        "bikes/../x",
    ],
)
async def test_a_path_that_is_none_of_ours_is_not_found(harness: Harness, to: str) -> None:
    assert (await harness.hook(BODY, to=to)).status == 404
    assert await harness.depth() == 0


async def test_a_flow_that_the_connection_does_not_run_is_not_found(harness: Harness) -> None:
    answer = await harness.hook(
        BODY, signed_by_gateway(BODY, "hunter2-of-the-gateway"), to="boats/customers"
    )
    assert answer.status == 404
    assert b"orders" in answer.body


async def test_a_gateways_shared_secret_signs_the_raw_body(harness: Harness) -> None:
    assert (
        await harness.hook(
            BODY, signed_by_gateway(BODY, "hunter2-of-the-gateway"), to="boats/orders"
        )
    ).status == 200
    for headers in (
        signed_by_gateway(BODY, "wrong"),
        signed_by_gateway(BODY, "hunter2-of-the-gateway", "base64"),
        signed_by_commerce(BODY),
        {},
    ):
        assert (await harness.hook(BODY, headers, to="boats/orders")).status == 401
    assert await harness.depth() == 1


async def test_a_connection_without_keys_takes_nothing(harness: Harness) -> None:
    assert (await harness.hook(BODY, to="bare/orders")).status == 401
    assert await harness.depth() == 0


@pytest.mark.parametrize("broken", ["", "not a key", public_pem(STRANGER)[:200]])
async def test_a_key_that_cannot_be_used_is_our_trouble_not_the_shops(
    harness: Harness, broken: str
) -> None:
    harness.secrets.values |= {"key-1": broken, "key-2": broken}
    assert (await harness.hook(BODY)).status == 503
    harness.secrets.values.clear()
    assert (await harness.hook(BODY)).status == 503
    assert await harness.depth() == 0


async def test_a_vault_that_does_not_answer_is_our_trouble_too(harness: Harness) -> None:
    harness.secrets.is_away = True
    assert (await harness.hook(BODY)).status == 503
    harness.secrets.is_away = False
    assert (await harness.hook(BODY)).status == 200


async def test_a_queue_that_cannot_store_answers_503_and_recovers(harness: Harness) -> None:
    harness.queue.close()
    answer = await harness.hook(BODY)
    assert answer.status == 503
    assert b"poll finds the record" in answer.body


# --- bodies


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"null", b"5", b'"text"', b"junk", b"\xff\xfe", b'{"data": "\xc3\x28"}',
        b"[" * 100_000, b'{"a":' * 100_000, b"[NaN]",
        b'{"data": {"order": {"increment_id": ' + b"9" * 5000 + b"}}}", b'{"data": {"order": []}}',
        b'{"data": {"order": {"increment_id": null}}}',
        b'{"data": {"order": {"increment_id": {"a": 1}}}}',
        b'{"data": {"order": {"increment_id": ""}}}',
        to_json({"order": {"increment_id": "0" * 51}}),
        to_json({"order": {"increment_id": "a\nb"}}),
        to_json({"order": {"increment_id": "a\x00b"}}),
        b'{"order": {"increment_id": "a\\ud800b"}}', b'{"data": 5}',
        b'{"data": {"data": {"order": {"increment_id": "1"}}}}',
    ],
)  # fmt: skip
async def test_a_signed_body_without_a_key_is_refused_and_nothing_stored(
    harness: Harness, body: bytes
) -> None:
    answer = await harness.hook(body)
    assert answer.status == 400
    assert from_json(answer.body)["remedy"]
    assert await harness.depth() == 0


@pytest.mark.parametrize(("headers", "status"), [({HEADER: "AAAA"}, 413), ({}, 401)])
async def test_a_body_of_megabytes_is_refused_before_anything_is_computed(
    harness: Harness, headers: dict[str, str], status: int
) -> None:
    body = b'{"order": {"increment_id": "1", "x": "' + b"x" * (5 * 1024 * 1024) + b'"}}'
    assert (await harness.hook(body, headers)).status == status
    assert await harness.depth() == 0


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
        "",
    ],
)
async def test_another_content_type_is_refused(harness: Harness, content_type: str) -> None:
    assert (
        await harness.hook(BODY, signed_by_commerce(BODY) | {"content-type": content_type})
    ).status == 415
    assert await harness.depth() == 0


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json", None],
)
async def test_json_by_any_of_its_names_is_taken(
    harness: Harness, content_type: str | None
) -> None:
    headers = {name: value for name, value in signed_by_commerce(BODY).items() if name == HEADER}
    assert (
        await harness.hook(BODY, headers | ({"Content-Type": content_type} if content_type else {}))
    ).status == 200


@pytest.mark.parametrize("store", ["²", "٣", "-1", "1.5", True, None, [], {}, "9" * 20, "9" * 5000])
async def test_a_strange_store_is_no_accident(harness: Harness, store: Any) -> None:
    answer = await harness.hook(
        to_json({"order": {"increment_id": "000000042", "store_id": store}})
    )
    assert answer.status in (200, 400)
    assert await harness.depth() == (answer.status == 200)


@pytest.mark.parametrize(
    ("to", "document", "key"),
    [
        ("orders", {"data": {"order": {"increment_id": "42", "store_id": 1}}}, "42@1"),
        ("orders", {"data": {"data_object": {"increment_id": "42", "store_id": "1"}}}, "42@1"),
        (
            "orders",
            {
                "data": {
                    "order": {"increment_id": "42", "store_id": "1"},
                    "quote": {"increment_id": "9"},
                }
            },
            "42@1",
        ),
        ("orders", {"order": {"increment_id": "42"}}, "42@?"),
        ("orders", {"order": {"increment_id": 42, "store_id": 2}}, "42@2"),
        ("orders", {"increment_id": "42", "store_id": "0"}, "42@0"),
        ("orders", {"data": {"increment_id": " 42 ", "store_id": ""}}, "42@?"),
        ("orders", {"order_increment_id": "DE-42/A", "store_id": 3}, "DE-42/A@3"),
        ("customers", {"data": {"customer": {"id": 7, "email": "jane@example.com"}}}, "7"),
        ("customers", {"data": {"customer": {"entity_id": "7"}}}, "7"),
        ("customers", {"data": {"customer_data_object": {"id": "7"}}}, "7"),
        ("customers", {"address": {"id": 3, "customer_id": "7"}}, "7"),
        ("customers", {"id": "0007"}, "7"),
        (
            "invoices",
            {"data": {"invoice": {"increment_id": "000000005", "store_id": 1, "order_id": 3}}},
            "000000005@1",
        ),
        (
            "creditmemos",
            {"data": {"creditmemo": {"increment_id": "000000006", "store_id": 1}}},
            "000000006@1",
        ),
    ],
)
async def test_the_key_is_found_in_every_shape_of_hook(
    harness: Harness, to: str, document: Any, key: str
) -> None:
    assert (await harness.hook(to_json(document), to=f"bikes/{to}")).status == 200
    assert await harness.stored() == [f"{to} {key}"]


@pytest.mark.parametrize(
    "document",
    [
        {"id": 0},
        {"id": "0"},
        {"id": -1},
        {"id": "²"},
        {"id": "x"},
        {"id": True},
        {"id": None},
        {"customer": []},
        {"customer": {"email": "jane@example.com"}},
        {"id": "9" * 5000},
    ],
)
async def test_a_customer_without_an_id_is_no_notification(harness: Harness, document: Any) -> None:
    assert (await harness.hook(to_json(document), to="bikes/customers")).status == 400
    assert await harness.depth() == 0


@pytest.mark.live_samples
@pytest.mark.parametrize(
    ("file", "to", "key"),
    [
        ("adobedocs-event-shape-order-place-after", "orders", "string@?"),
        ("adobedocs-event-shape-order-save", "orders", "string@?"),
        ("starterkit-order-created", "orders", "ORRDER_INCREMENTAL_ID@?"),
    ],
)
async def test_published_shapes_of_payloads_are_understood(
    harness: Harness, file: str, to: str, key: str
) -> None:
    path = SHARED_SAMPLES / "commerce" / f"{file}.json"
    if not path.exists():
        pytest.skip(ABSENT)
    assert (await harness.hook(path.read_bytes(), to=f"bikes/{to}")).status == 200
    assert await harness.stored() == [f"{to} {key}"]
