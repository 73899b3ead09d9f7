"""What Service Bus refuses or cannot do, in the engine's words: `Later`, `Never` with a remedy,
`LockLost`, `ValueError`.

Texts of the SDK are not handed on: they may name endpoints and accounts. The condition, by which
Microsoft's support knows the trouble, is. Source: Microsoft,
service-bus-messaging-exceptions-latest.md.
"""

import re
from datetime import timedelta
from typing import Final

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.servicebus.exceptions import (
    MessageAlreadySettled,
    MessageLockLostError,
    MessageSizeExceededError,
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    ServiceBusQuotaExceededError,
    ServiceBusServerBusyError,
)

from sync.core.errors import Later, Never, NoSuchQueue
from sync.core.message_queue import LockLost

TROUBLE: Final = (AzureError, TimeoutError, ValueError)
"""What the SDK raises when something goes wrong on the way or at the other end; `ValueError` for a
link that another task's trouble has shut meanwhile."""
HARMLESS: Final = (MessageAlreadySettled, MessageLockLostError, MessageSizeExceededError)
"""What leaves a link as it was: it concerns one message only."""

BUSY_WAIT: Final = timedelta(seconds=10)
FULL_WAIT: Final = timedelta(minutes=1)
_REFUSED: Final = (ServiceBusAuthenticationError, ServiceBusAuthorizationError)
_CONDITION: Final = re.compile(r"Error condition: ([A-Za-z][\w:.-]*\w)")
_MISFIT: Final = (
    "amqp:not-allowed",
    "com.microsoft:argument-error",
    "com.microsoft:argument-out-of-range",
)


def reported(error: Exception, queue: str) -> Exception:
    """The error to raise for what happened on `queue`. `Later` uses up no try: it says nothing
    about the record."""
    if isinstance(error, MessageAlreadySettled | MessageLockLostError):
        return LockLost(f"queue {queue}: the lock ran out, or the message was settled already")
    if isinstance(error, MessageSizeExceededError):
        return ValueError(
            f"queue {queue}: a message is larger with its properties than the namespace takes"
        )
    named = _named(error)
    if (refusal := _refusal(error, queue, named)) is not None:
        return refusal
    if isinstance(error, ServiceBusServerBusyError):
        return Later(
            f"queue {queue}: Service Bus is throttling ({named})", after=BUSY_WAIT, counts=False
        )
    if isinstance(error, ServiceBusQuotaExceededError):
        return Later(
            f"queue {queue} or its namespace is full ({named})", after=FULL_WAIT, counts=False
        )
    return Later(
        f"queue {queue}: Service Bus cannot be reached or does not answer ({named})", counts=False
    )


def _refusal(error: Exception, queue: str, named: str) -> Never | None:
    """What only a person can cure."""
    if isinstance(error, MessagingEntityNotFoundError):
        return NoSuchQueue(
            f"queue {queue} does not exist in the Service Bus namespace",
            remedy=(
                f"Deploy infra/ again, or create the queue {queue} as infra/queues.json"
                " describes it."
            ),
            code=named,
        )
    if isinstance(error, MessagingEntityDisabledError):
        return Never(
            f"queue {queue} is disabled",
            remedy=(
                f"Enable it in the Azure portal: Service Bus namespace > Queues > {queue} > Status."
            ),
            code=named,
        )
    if isinstance(error, _REFUSED) or isinstance(_cause(error), ClientAuthenticationError):
        return Never(
            f"Service Bus refuses access to queue {queue}",
            remedy=(
                "Give the app's identity the roles Azure Service Bus Data Sender and Azure Service"
                " Bus Data Receiver on the namespace (they take minutes to be effective); with a"
                " connection string, correct its key."
            ),
            code=named,
        )
    if named in _MISFIT:
        return Never(
            f"queue {queue} is not set up as the product needs it, or refuses a message ({named})",
            remedy="Compare the queue with infra/queues.json: no sessions, duplicate detection on.",
            code=named,
        )
    return None


def _cause(error: Exception) -> BaseException | None:
    """What the SDK wrapped, for example a credential's error."""
    cause: BaseException | None = getattr(error, "inner_exception", None)
    return cause


def _named(error: Exception) -> str:
    """The condition that the broker gave, else the error's class."""
    found = _CONDITION.search(str(error))
    return found[1] if found else type(error).__name__
