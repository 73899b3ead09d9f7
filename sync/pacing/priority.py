"""Who goes first where a system is the bottleneck."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum
from typing import Final


class Priority(IntEnum):
    """Who goes first where a system is the bottleneck: documents before master data before
    catalogue work."""

    DOCUMENTS = 0
    MASTER_DATA = 1
    CATALOGUE = 2

    @property
    def queue(self) -> str:
        """The queue of all flows of this priority: its name in lower case, with hyphens."""
        return self.name.lower().replace("_", "-")


_CURRENT: Final = ContextVar("priority", default=Priority.DOCUMENTS)


def current() -> Priority:
    """The priority of the work that this task is part of."""
    return _CURRENT.get()


@contextmanager
def working_at(priority: Priority) -> Iterator[None]:
    """Inside the block, and in the tasks that it begins, every request to a system has this
    priority."""
    token = _CURRENT.set(priority)
    try:
        yield
    finally:
        _CURRENT.reset(token)
