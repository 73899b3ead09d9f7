"""The queues there are, whatever the number of flows: one per priority, one for what the timer
finds due, and one that F&O writes to."""

from typing import Final

from sync.pacing.priority import Priority

DELIVERIES: Final = tuple(priority.queue for priority in Priority)
"""Notifications of the flows of a priority."""
POLLS: Final = "polls"
"""Polls and other jobs that are due."""
BUSINESS_EVENTS: Final = "business-events"
"""Where F&O's Service Bus endpoint writes business events to."""
QUEUES: Final = (*DELIVERIES, POLLS, BUSINESS_EVENTS)
