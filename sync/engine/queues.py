"""The queues there are, whatever the number of flows: one per priority, one for what people wait
for, one for what the timer finds due, and one that F&O writes to."""

from typing import Final

from sync.pacing.priority import Priority

ASKED: Final = "asked"
"""Records of any flow that a person waits for: they stand behind no burst of their own flow."""
DELIVERIES: Final = (*(priority.queue for priority in Priority), ASKED)
"""Notifications of the flows of a priority, and of people."""
POLLS: Final = "polls"
"""Polls and other jobs that are due."""
BUSINESS_EVENTS: Final = "business-events"
"""Where F&O's Service Bus endpoint writes business events to."""
QUEUES: Final = (*DELIVERIES, POLLS, BUSINESS_EVENTS)
