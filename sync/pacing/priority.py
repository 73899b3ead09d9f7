"""Who goes first where a system is the bottleneck."""

from enum import IntEnum


class Priority(IntEnum):
    """Who goes first where a system is the bottleneck: documents before master data before
    catalogue work."""

    DOCUMENTS = 0
    MASTER = 1
    CATALOGUE = 2
