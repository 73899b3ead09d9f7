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

AS_DESCRIBED: Final = "as infra/queues.json describes it."
GIVE_ROLES: Final = (
    "Give the app's identity the roles Azure Service Bus Data Sender and Azure Service Bus Data"
    " Receiver on the namespace (they take minutes to be effective); with a connection string,"
    " correct its key."
)
COMPARE_QUEUE: Final = (
    "Compare the queue with infra/queues.json: no sessions, duplicate detection on."
)


def reported(error: Exception, queue: str) -> Exception:
    """The error to raise for what happened on `queue`. `Later` uses up no try: it says nothing
    about the record."""
    if isinstance(error, MessageAlreadySettled | MessageLockLostError):
        return LockLost(f"queue {queue}: the lock ran out, or the message was settled already")
    if isinstance(error, MessageSizeExceededError):
        what = "a message is larger with its properties than the namespace takes"
        return ValueError(f"queue {queue}: {what}")
    named = _named(error)
    if (refusal := _refusal(error, queue, named)) is not None:
        return refusal
    after = None
    what = f"queue {queue}: Service Bus cannot be reached or does not answer ({named})"
    if isinstance(error, ServiceBusServerBusyError):
        after, what = BUSY_WAIT, f"queue {queue}: Service Bus is throttling ({named})"
    if isinstance(error, ServiceBusQuotaExceededError):
        after, what = FULL_WAIT, f"queue {queue} or its namespace is full ({named})"
    return Later(what, after=after, counts=False)


def _refusal(error: Exception, queue: str, named: str) -> Never | None:
    """What only a person can cure."""
    if isinstance(error, MessagingEntityNotFoundError):
        what = f"queue {queue} does not exist in the Service Bus namespace"
        remedy = f"Deploy infra/ again, or create the queue {queue} {AS_DESCRIBED}"
        return NoSuchQueue(what, remedy=remedy, code=named)
    if isinstance(error, MessagingEntityDisabledError):
        where = f"Service Bus namespace > Queues > {queue} > Status"
        remedy = f"Enable it in the Azure portal: {where}."
        return Never(f"queue {queue} is disabled", remedy=remedy, code=named)
    if isinstance(error, _REFUSED) or isinstance(_cause(error), ClientAuthenticationError):
        what = f"Service Bus refuses access to queue {queue}"
        return Never(what, remedy=GIVE_ROLES, code=named)
    if named in _MISFIT:
        what = f"queue {queue} is not set up as the product needs it, or refuses a message"
        return Never(f"{what} ({named})", remedy=COMPARE_QUEUE, code=named)
    return None


def _cause(error: Exception) -> BaseException | None:
    """What the SDK wrapped, for example a credential's error."""
    cause: BaseException | None = getattr(error, "inner_exception", None)
    return cause


def _named(error: Exception) -> str:
    """The condition that the broker gave, else the error's class."""
    found = _CONDITION.search(str(error))
    return found[1] if found else type(error).__name__
