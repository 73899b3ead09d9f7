"""What Service Bus refuses, and whose turn it is then."""

import asyncio
from datetime import timedelta
from typing import Any, Self

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.servicebus import exceptions as sb

from sync.adapters.servicebus.errors import reported
from sync.adapters.servicebus.queue import ServiceBusQueue
from sync.core.errors import Later, Never, NoSuchQueue
from sync.core.message_queue import LockLost, Outgoing
from tests.doubles.amqp.server import ServiceBusDouble

ORDERS = "orders"
MESSAGE = Outgoing(ORDERS, b"{}", "1")
TOKEN = "a-token-of-an-identity"


class Identity:
    """A credential as azure-identity gives them."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        assert scopes == ("https://servicebus.azure.net//.default",)
        if self._token is None:
            raise ClientAuthenticationError("tenant 0000 refuses the secret s3cr3t")
        return AccessToken(self._token, 4_102_444_800)

    async def close(self) -> None:
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def test_a_queue_that_was_not_set_up_is_for_a_person_to_set_up() -> None:
    async with ServiceBusDouble() as service:
        queue = ServiceBusQueue.from_connection_string(service.connection_string)
        with pytest.raises(NoSuchQueue, match="queue orders does not exist") as refused:
            await queue.send([MESSAGE])
        assert "infra/queues.json" in refused.value.remedy
        assert refused.value.code == "amqp:not-found"
        with pytest.raises(NoSuchQueue, match="queue orders does not exist"):
            await queue.receive(ORDERS, most=1, wait=timedelta())
        with pytest.raises(NoSuchQueue, match="queue orders does not exist"):
            await queue.depth(ORDERS)
        await queue.close()


async def test_a_wrong_key_is_for_a_person_to_correct() -> None:
    async with ServiceBusDouble(key="the-right-key") as service:
        service.create_queue(ORDERS)
        text = service.connection_string.replace("the-right-key", "another-key")
        queue = ServiceBusQueue.from_connection_string(text)
        with pytest.raises(Never, match="refuses access to queue orders") as refused:
            await queue.send([MESSAGE])
        assert "Azure Service Bus Data Sender" in refused.value.remedy
        assert "another-key" not in f"{refused.value} {refused.value.remedy} {refused.value.code}"
        await queue.close()


async def test_an_identity_whose_token_is_taken_sends_and_receives() -> None:
    async with ServiceBusDouble(token=TOKEN) as service:
        service.create_queue(ORDERS)
        queue = ServiceBusQueue.of_namespace(service.host, Identity(TOKEN), use_tls=False)
        await queue.send([MESSAGE])
        assert [
            each.id for each in await queue.receive(ORDERS, most=1, wait=timedelta(seconds=10))
        ] == ["1"]
        await queue.close()


@pytest.mark.parametrize("token", ["not-taken", None])
async def test_an_identity_that_is_refused_is_for_a_person_to_cure(token: str | None) -> None:
    async with ServiceBusDouble(token=TOKEN) as service:
        service.create_queue(ORDERS)
        queue = ServiceBusQueue.of_namespace(service.host, Identity(token), use_tls=False)
        with pytest.raises(Never, match="refuses access") as refused:
            await queue.send([MESSAGE])
        assert "s3cr3t" not in f"{refused.value} {refused.value.remedy} {refused.value.code}"
        await queue.close()


def test_a_connection_string_that_cannot_be_read_is_not_shown() -> None:
    with pytest.raises(Never, match="cannot be read") as refused:
        ServiceBusQueue.from_connection_string("SharedAccessKey=s3cr3t")
    assert "s3cr3t" not in f"{refused.value} {refused.value.remedy}"


async def test_a_name_that_no_queue_can_have_is_refused_before_anything_is_opened() -> None:
    queue = ServiceBusQueue.of_namespace("name.servicebus.windows.net", Identity(TOKEN))
    with pytest.raises(ValueError, match="no/queue"):
        await queue.send([MESSAGE, Outgoing("no/queue", b"{}", "1")])
    await queue.close()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (sb.MessageLockLostError(), LockLost),
        (sb.MessageAlreadySettled(action="complete"), LockLost),
        (sb.MessageSizeExceededError(), ValueError),
        (sb.MessagingEntityNotFoundError(), NoSuchQueue),
        (sb.MessagingEntityDisabledError(), Never),
        (sb.ServiceBusAuthenticationError(), Never),
        (sb.ServiceBusAuthorizationError(), Never),
        (sb.ServiceBusError("no", condition=b"amqp:not-allowed"), Never),
        (sb.ServiceBusServerBusyError(), Later),
        (sb.ServiceBusQuotaExceededError(), Later),
        (sb.ServiceBusConnectionError(), Later),
        (sb.OperationTimeoutError(), Later),
        (sb.ServiceBusError("something else"), Later),
        (AzureError("something else"), Later),
        (TimeoutError(), Later),
        (ValueError("the handler has already been shutdown"), Later),
    ],
)
def test_every_trouble_says_what_happens_next(error: Exception, kind: type[Exception]) -> None:
    trouble = reported(error, "orders")
    assert type(trouble) is kind
    assert "queue orders" in str(trouble)


def test_a_broker_that_asks_for_a_pause_gets_it() -> None:
    busy, full = (
        reported(sb.ServiceBusServerBusyError(), "orders"),
        reported(sb.ServiceBusQuotaExceededError(), "orders"),
    )
    assert isinstance(busy, Later)
    assert isinstance(full, Later)
    assert (busy.after, full.after) == (timedelta(seconds=10), timedelta(minutes=1))
    assert not busy.counts


def test_the_condition_is_told_and_nothing_else_of_the_sdks_text() -> None:
    trouble = reported(
        sb.ServiceBusConnectionError(message="at 10.0.0.7", condition=b"amqp:connection:forced"),
        "orders",
    )
    assert "amqp:connection:forced" in str(trouble)
    assert "10.0.0.7" not in str(trouble)
