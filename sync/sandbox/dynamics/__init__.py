"""Dynamics 365 Finance & Operations as rules behind its OData surface."""

from sync.sandbox.dynamics.app import dynamics_app
from sync.sandbox.dynamics.event_sender import EventDials, EventSender
from sync.sandbox.dynamics.seed import Item
from sync.sandbox.dynamics.state import DynamicsState, NotPosted, Settings

__all__ = ["DynamicsState", "EventDials", "EventSender", "Item", "NotPosted", "Settings", "dynamics_app"]
