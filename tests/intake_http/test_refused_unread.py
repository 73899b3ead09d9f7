"""What is refused by its head, before its body is read."""

import pytest

from sync.commerce.io_events import LARGEST_UNSIGNED
from sync.commerce.signature import LONGEST_SIGNATURE
from sync.core.encoding import from_json
from tests.intake_http.harness import (
    HEADER,
    Harness,
    signed_by_adobe,
    signed_by_commerce,
    signed_by_gateway,
)

BODY = b'{"order":{"increment_id":"1","store_id":1}}'


@pytest.mark.parametrize(
    ("connection", "headers", "status"),
    [
        ("bikes", {}, 401),
        ("bikes", {HEADER: " "}, 401),
        ("bikes", {HEADER: "not base64!"}, 401),
        ("bikes", {HEADER: "A" * (LONGEST_SIGNATURE + 4)}, 401),
        ("boats", signed_by_commerce(BODY), 401),
        ("nobody", signed_by_commerce(BODY), 404),
        ("bikes", {HEADER: "A" * LONGEST_SIGNATURE}, None),
        ("bikes", signed_by_commerce(BODY), None),
        ("boats", signed_by_gateway(BODY, "any"), None),
    ],
)
async def test_a_hook_without_a_signature_is_refused_by_its_head(
    harness: Harness, connection: str, headers: dict[str, str], status: int | None
) -> None:
    named = {"connection": connection, "flow": "orders"}
    answer = harness.services.edge.refused_unread("receive_webhook", named, headers)
    assert (answer and answer.status) == status
    if answer is not None:
        whole = await harness.hook(BODY, headers, to=f"{connection}/orders")
        assert whole == answer, "the host that reads bodies says the same"
        assert set(from_json(answer.body)) == {"error", "remedy"}


@pytest.mark.parametrize(
    ("connection", "headers", "status"),
    [
        ("bikes", {}, 401),
        ("bikes", {"content-length": str(LARGEST_UNSIGNED + 1)}, 401),
        ("bikes", {"content-length": "9" * 5000}, 401),
        ("bikes", {"content-length": "-1"}, 401),
        ("boats", signed_by_adobe(BODY), 404),
        ("nobody", signed_by_adobe(BODY), 404),
        ("bikes", {"content-length": str(LARGEST_UNSIGNED)}, None),
        ("bikes", signed_by_adobe(BODY), None),
    ],
)
def test_an_event_without_a_signature_is_refused_by_its_head_unless_it_asks_for_validation(
    harness: Harness, connection: str, headers: dict[str, str], status: int | None
) -> None:
    named = {"connection": connection}
    answer = harness.services.edge.refused_unread("receive_events", named, headers)
    assert (answer and answer.status) == status


def test_who_holds_the_hosts_key_is_read(harness: Harness) -> None:
    named = {"connection": "bikes"}
    assert harness.services.edge.refused_unread("receive_business_event", named, {}) is None
