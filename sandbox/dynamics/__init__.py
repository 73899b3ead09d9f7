"""Dynamics 365 Finance & Operations as rules behind its OData surface."""

from sandbox.dynamics.app import dynamics_app
from sandbox.dynamics.event_sender import EventDials, EventSender
from sandbox.dynamics.seed import Item
from sandbox.dynamics.state import DynamicsState, NotPosted, Settings

__all__ = [
    "DynamicsState",
    "EventDials",
    "EventSender",
    "Item",
    "NotPosted",
    "Settings",
    "dynamics_app",
]
