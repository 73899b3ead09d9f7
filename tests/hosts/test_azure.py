import asyncio
import json
import logging
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

import azure.functions as func
import pytest
from azure.functions.servicebus import ServiceBusMessage
from azure.functions.timer import TimerRequest

from sync.app.settings import SettingsMissing
from sync.config.file.reading import BadConfiguration, Fault
from sync.core.errors import Later
from sync.hosts.azure import build_app
from sync.hosts.holding import PATIENCE, UNCONFIGURED
from sync.hosts.runtime import Opening, Runtime
from sync.intake_http.answers import MOST_LINES
from sync.intake_http.registered_hooks import TIMEOUT
from tests.hosts.toys import Notebook, Said
from tests.virtual_time import in_virtual_time, virtually


def functions_of(runtime: Opening) -> dict[str, Any]:
    app = build_app(runtime)
    return {
        str(function.get_function_name()): function.get_user_function()
        for function in app.get_functions()
    }


def request(method: str, body: bytes = b"", **route: str) -> func.HttpRequest:
    return func.HttpRequest(
        method,
        "https://host/api",
        headers={"X-Signature": "s"},
        params={"challenge": "c"},
        route_params=route,
        body=body,
    )


async def unconfigured() -> Runtime:
    raise SettingsMissing(["DYNAMICS_URL", "SERVICE_BUS"])


async def test_a_webhook_reaches_the_runtime_with_its_exact_bytes_and_lower_case_headers() -> None:
    notes = Notebook(Said(202, b"ok", "text/html; charset=utf-8"))
    body = b'\xff\x00 {"total": 0.1}'
    answer = await functions_of(notes.open)["receive_webhook"](
        request("POST", body, connection="eu", flow="orders")
    )
    assert notes.calls == [("webhook", "eu", "orders", {"x-signature": "s"}, body)]
    assert (answer.status_code, answer.get_body()) == (202, b"ok")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_an_event_challenge_reaches_the_runtime_with_its_query() -> None:
    notes = Notebook()
    await functions_of(notes.open)["receive_events"](request("GET", connection="eu"))
    assert notes.calls == [("events", "eu", "GET", {"x-signature": "s"}, {"challenge": "c"}, b"")]


@pytest.mark.parametrize(
    ("says", "status"), [(Said(200, b"{}"), 200), (Said(401, b"{}"), 401), (Said(503, b"{}"), 200)]
)
async def test_a_checkout_goes_on_whatever_trouble_is_ours(says: Said, status: int) -> None:
    notes = Notebook(says)
    ask = request("POST", connection="eu", question="place-order")
    assert (await functions_of(notes.open)["ask_gate"](ask)).status_code == status
    assert notes.calls[0][:3] == ("gate", "eu", "place-order")


async def test_a_checkout_goes_on_while_the_app_cannot_open() -> None:
    ask = request("POST", connection="eu", question="place-order")
    answer = await functions_of(out_of_reach)["ask_gate"](ask)
    assert (answer.status_code, answer.get_body()) == (200, b'{"op":"success"}')


async def test_health_is_what_the_runtime_says() -> None:
    notes = Notebook(Said(503, b"{}"))
    assert (await functions_of(notes.open)["health"](request("GET"))).status_code == 503


async def test_the_timer_lets_the_runtime_find_what_is_due() -> None:
    notes = Notebook()
    assert await functions_of(notes.open)["tick"](TimerRequest()) is None
    assert notes.calls == [("tick",)]


@pytest.mark.parametrize(("given", "seen"), [(3, 3), (1, 1), (None, 1)])
async def test_a_message_is_delivered_with_its_id_and_how_often_it_came(
    given: int | None, seen: int
) -> None:
    notes = Notebook()
    message = ServiceBusMessage(
        body=b"{}",
        message_id="orders#1",
        delivery_count=given,
        application_properties={},
        user_properties={},
    )
    assert await functions_of(notes.open)["deliver_documents"](message) is None
    assert notes.calls == [("take", "documents", b"{}", "orders#1", seen)]


@dataclass
class Traced:
    """An invocation's context, as far as the functions read it."""

    trace_parent: str | None

    @property
    def trace_context(self) -> "Traced":
        return self


@pytest.mark.parametrize(
    ("given", "seen"), [("00-aa-bb-01", ("00-aa-bb-01",)), ("", ()), (None, ())]
)
async def test_a_delivery_knows_what_the_host_calls_it(
    given: str | None, seen: tuple[str, ...]
) -> None:
    notes = Notebook()
    message = ServiceBusMessage(
        body=b"{}", message_id="1", application_properties={}, user_properties={}
    )
    await functions_of(notes.open)["deliver_documents"](message, context=Traced(given))
    assert notes.calls == [("take", "documents", b"{}", "1", 1, *seen)]


WHY: Final = {"DeadLetterReason": "TTLExpiredException", "DeadLetterErrorDescription": "too old"}


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (
            {
                "dead_letter_reason": "TTLExpiredException",
                "dead_letter_error_description": "too old",
            },
            tuple(WHY.values()),
        ),
        ({"application_properties": WHY}, tuple(WHY.values())),
        ({"application_properties": {"Diagnostic-Id": "00-1"}}, ("", "")),
        ({"application_properties": None}, ("", "")),
    ],
    ids=["by the local host", "by the Functions host", "no reason", "no properties"],
)
async def test_what_a_queue_gave_up_reaches_the_runtime_with_why(
    given: dict[str, Any], seen: tuple[str, str]
) -> None:
    notes = Notebook()
    message = ServiceBusMessage(
        body=b"{}",
        message_id="orders#1",
        **{"application_properties": {}, "user_properties": {}, **given},
    )
    assert await functions_of(notes.open)["park_documents"](message) is None
    assert notes.calls == [("park_dead_letter", "documents", b"{}", "orders#1", *seen)]


async def out_of_reach() -> Runtime:
    raise Later("vault.example.com cannot be reached (ServiceRequestError)")


async def test_while_the_app_cannot_open_callers_are_told_so_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = await functions_of(out_of_reach)["receive_webhook"](
        request("POST", connection="eu", flow="orders")
    )
    assert answer.status_code == 503
    assert b"vault.example.com" not in answer.get_body()
    assert "host.not_open reason=vault.example.com cannot be reached" in caplog.text


async def misconfigured() -> Runtime:
    raise BadConfiguration([Fault(0, "", "there is no such file", "Run `init`")])


async def test_a_configuration_that_cannot_be_used_is_told_in_the_log_as_well(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = await functions_of(misconfigured)["health"](request("GET"))
    assert answer.status_code == 503
    assert b"configuration" in answer.get_body()
    assert "host.not_open reason=connections.toml has 1 fault" in caplog.text
    assert "there is no such file" in caplog.text


@pytest.mark.parametrize(
    "name", ["receive_webhook", "receive_events", "receive_tracking", "health"]
)
async def test_without_settings_an_http_function_names_every_missing_one(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await functions_of(unconfigured)[name](
            request("POST", connection="eu", flow="orders")
        )
    assert answer.status_code == 503
    assert answer.mimetype == "application/json"
    assert json.loads(answer.get_body())["missing"] == ["DYNAMICS_URL", "SERVICE_BUS"]
    assert [record.getMessage() for record in caplog.records] == [
        "host.unconfigured missing=DYNAMICS_URL,SERVICE_BUS"
    ]


@pytest.mark.parametrize("name", ["receive_webhook", "receive_events", "receive_tracking"])
@pytest.mark.parametrize("closed", [unconfigured, out_of_reach, misconfigured])
async def test_a_flood_while_the_app_cannot_open_fills_no_log(
    name: str, closed: Opening, caplog: pytest.LogCaptureFixture
) -> None:
    receive = functions_of(closed)[name]
    for _ in range(2 * MOST_LINES):
        assert (await receive(request("POST", connection="eu", flow="orders"))).status_code == 503
    assert len(caplog.records) == MOST_LINES


def test_a_flood_while_the_app_takes_long_to_open_fills_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def opening() -> Runtime:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    async def story() -> None:
        receive = functions_of(opening)["receive_webhook"]
        for _ in range(2 * MOST_LINES):
            await receive(request("POST", connection="eu", flow="orders"))

    virtually(story())
    assert len(caplog.records) == MOST_LINES


MESSAGE: Final = ServiceBusMessage(
    body=b"{}", message_id="1", application_properties={}, user_properties={}
)


async def test_without_settings_timers_fail_in_one_clear_error() -> None:
    with pytest.raises(SettingsMissing, match=r"DYNAMICS_URL.*SERVICE_BUS"):
        await functions_of(unconfigured)["tick"](TimerRequest())


@pytest.mark.parametrize("name", ["deliver_documents", "park_polls", "take_business_event"])
def test_without_settings_a_message_is_held_for_a_while_and_then_given_back_with_the_reason(
    name: str,
) -> None:
    async def story() -> float:
        with pytest.raises(SettingsMissing, match=r"DYNAMICS_URL.*SERVICE_BUS"):
            await functions_of(unconfigured)[name](MESSAGE)
        return asyncio.get_running_loop().time()

    assert virtually(story()) == UNCONFIGURED.total_seconds()


@pytest.mark.parametrize("minutes", [3, 30])
@in_virtual_time
async def test_a_message_is_held_while_the_app_cannot_open_and_delivered_once_it_can(
    minutes: int,
) -> None:
    notes = Notebook()

    async def opening() -> Runtime:
        if asyncio.get_running_loop().time() < minutes * 60:
            raise Later("vault.example.com cannot be reached")
        return await notes.open()

    with nullcontext() if minutes == 3 else pytest.raises(Later):
        await functions_of(opening)["deliver_documents"](MESSAGE)
    took = asyncio.get_running_loop().time()
    assert took <= PATIENCE.total_seconds()
    assert [call[0] for call in notes.calls] == (["take"] if minutes == 3 else [])


@in_virtual_time
async def test_a_hook_is_answered_while_commerce_listens_although_the_app_is_still_opening() -> (
    None
):
    async def opening() -> Runtime:
        await asyncio.sleep(60)
        raise AssertionError("nobody waits so long")

    answer = await functions_of(opening)["receive_webhook"](
        request("POST", connection="eu", flow="orders")
    )
    status, took = answer.status_code, asyncio.get_running_loop().time()
    assert status == 503
    assert took < TIMEOUT.total_seconds()
