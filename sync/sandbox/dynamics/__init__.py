"""Dynamics 365 Finance & Operations as rules behind its OData surface."""

from sync.sandbox.dynamics.app import dynamics_app
from sync.sandbox.dynamics.seed import Item
from sync.sandbox.dynamics.state import DynamicsState, Settings

__all__ = ["DynamicsState", "Item", "Settings", "dynamics_app"]
