"""What the real SDK finds at the double beyond what the adapter asks for, and how it treats what it
does not understand."""

import asyncio
import struct
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusReceiveMode
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import (
    MessageNotFoundError,
    MessageSizeExceededError,
    ServiceBusError,
)

from tests.doubles.amqp.codec import Undecodable
from tests.doubles.amqp.frames import AMQP_HEADER, Performative, frame, frame_from
from tests.doubles.amqp.server import ServiceBusDouble

WAIT = 10


@pytest.fixture
async def service() -> AsyncIterator[ServiceBusDouble]:
    async with ServiceBusDouble() as service:
        service.create_queue("orders")
        yield service


@pytest.fixture
async def client(service: ServiceBusDouble) -> AsyncIterator[ServiceBusClient]:
    async with ServiceBusClient.from_connection_string(
        service.connection_string, retry_total=0
    ) as client:
        yield client


async def test_messages_are_scheduled_and_taken_back_by_number(
    service: ServiceBusDouble, client: ServiceBusClient
) -> None:
    sender = client.get_queue_sender("orders")
    due = service.now() + timedelta(minutes=1)
    first, second = await sender.schedule_messages(
        [ServiceBusMessage(b"1"), ServiceBusMessage(b"2")], due
    )
    await sender.cancel_scheduled_messages(first)
    with pytest.raises(MessageNotFoundError):
        await sender.cancel_scheduled_messages(first)
    assert list(service.namespace.entity("orders").messages) == [second]


async def test_a_message_of_several_frames_arrives_whole_both_ways(
    client: ServiceBusClient,
) -> None:
    body = bytes(range(256)) * 800
    await client.get_queue_sender("orders").send_messages(ServiceBusMessage(body))
    receiver = client.get_queue_receiver("orders")
    (message,) = await receiver.receive_messages(1, WAIT)
    assert b"".join(message.body) == body
    await receiver.complete_message(message)


async def test_more_messages_than_one_grant_of_credit_are_taken(
    service: ServiceBusDouble, client: ServiceBusClient
) -> None:
    sender = client.get_queue_sender("orders")
    for number in range(700):
        await sender.send_messages(ServiceBusMessage(b"x", message_id=str(number)))
    assert len(service.namespace.entity("orders").messages) == 700


async def test_a_message_that_is_too_large_is_refused_by_name(client: ServiceBusClient) -> None:
    with pytest.raises(MessageSizeExceededError):
        await client.get_queue_sender("orders").send_messages(ServiceBusMessage(bytes(300 * 1024)))


async def test_receive_and_delete_takes_without_a_lock(
    service: ServiceBusDouble, client: ServiceBusClient
) -> None:
    await client.get_queue_sender("orders").send_messages(ServiceBusMessage(b"1"))
    receiver = client.get_queue_receiver(
        "orders", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE
    )
    assert len(await receiver.receive_messages(1, WAIT)) == 1
    assert service.namespace.entity("orders").messages == {}


async def test_an_operation_that_is_not_spoken_is_answered_so(client: ServiceBusClient) -> None:
    receiver = client.get_queue_receiver("orders")
    with pytest.raises(ServiceBusError, match="501"):
        await receiver.receive_deferred_messages([1])


async def test_the_broker_wakes_by_itself_when_something_is_due(
    service: ServiceBusDouble, client: ServiceBusClient
) -> None:
    due = service.now() + timedelta(milliseconds=200)
    await client.get_queue_sender("orders").send_messages(
        ServiceBusMessage(b"1", scheduled_enqueue_time_utc=due)
    )
    assert len(await client.get_queue_receiver("orders").receive_messages(1, WAIT)) == 1
    assert service.now() >= due


async def test_a_client_that_speaks_no_amqp_is_told_so_and_sent_away(
    service: ServiceBusDouble,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(AMQP_HEADER + struct.pack(">IBBH", 9, 2, 0, 0) + b"\xff")
    received = await reader.read()
    writer.close()
    _, performative, _ = frame_from(received.removeprefix(AMQP_HEADER))
    assert performative is not None
    assert (performative.kind, performative.error.condition) == ("close", "amqp:decode-error")


@pytest.mark.parametrize(
    "kind", ["open", "begin", "attach", "flow", "transfer", "disposition", "detach", "end"]
)
def test_a_performative_is_written_with_all_its_fields_and_read_again(kind: str) -> None:
    channel, performative, payload = frame_from(frame(7, Performative(kind), b"rest"))
    assert (channel, payload) == (7, b"rest")
    assert performative is not None
    assert performative.kind == kind
    assert all(value is None for value in performative.given.values())
    with pytest.raises(AttributeError, match=kind):
        _ = performative.nothing_of_the_kind


def test_an_empty_frame_says_nothing() -> None:
    assert frame_from(struct.pack(">IBBH", 8, 2, 0, 3)) == (3, None, b"")


def test_a_frame_without_a_performative_is_refused() -> None:
    with pytest.raises(Undecodable, match="no performative"):
        frame_from(struct.pack(">IBBH", 9, 2, 0, 0) + b"\x40")
