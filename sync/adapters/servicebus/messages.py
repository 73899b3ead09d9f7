"""Messages of the port as messages of the SDK, and back."""

from typing import Any, Final

from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage
from azure.servicebus.amqp import AmqpMessageBodyType

from sync.core.message_queue import DeadLetter, Outgoing, Received

BY_THE_BROKER: Final = ("MaxDeliveryCountExceeded", "TTLExpiredException", "HeaderSizeExceeded")
"""Reasons that the broker gives. A message that a receiver set aside had one delivery more than the
broker counted."""


def sendable(message: Outgoing) -> ServiceBusMessage:
    """As it is sent. The broker keeps a scheduled message from everybody until its time, and knows
    its id at once."""
    return ServiceBusMessage(
        message.body, message_id=message.id, scheduled_enqueue_time_utc=message.not_before
    )


def received(queue: str, message: ServiceBusReceivedMessage) -> Received:
    """As the port gives it. The SDK counts failed deliveries, from 0; the port counts deliveries,
    from 1."""
    assert message.locked_until_utc is not None, "a message under peek-lock tells until when"
    assert message.enqueued_time_utc is not None, "a delivered message tells since when"
    return Received(
        queue=queue,
        body=body_of(message),
        id=message.message_id or "",
        token=str(message.lock_token),
        deliveries=(message.delivery_count or 0) + 1,
        locked_until=message.locked_until_utc,
        enqueued_at=message.enqueued_time_utc,
    )


def letter(queue: str, message: ServiceBusReceivedMessage) -> DeadLetter:
    """As the port lists it."""
    assert message.enqueued_time_utc is not None, "a stored message tells since when"
    reason = message.dead_letter_reason or ""
    return DeadLetter(
        queue=queue,
        body=body_of(message),
        id=message.message_id or "",
        sequence=message.sequence_number or 0,
        deliveries=(message.delivery_count or 0) + (0 if reason in BY_THE_BROKER else 1),
        reason=reason,
        description=message.dead_letter_error_description or "",
        enqueued_at=message.enqueued_time_utc,
    )


def body_of(message: ServiceBusReceivedMessage) -> bytes:
    """The bytes. What somebody else sent as an AMQP value is none of ours: its text, for an
    operator to recognise."""
    if message.body_type is AmqpMessageBodyType.DATA:
        return b"".join(message.body)
    value: Any = message.body
    return value if isinstance(value, bytes) else str(value).encode()
