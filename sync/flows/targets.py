"""How long a write may be under way, by the system it goes to."""

from datetime import timedelta

from sync.config.connections import Commerce, Dynamics
from sync.engine.systems import Systems
from sync.engine.write import Target


def dynamics_of(systems: Systems) -> Target:
    """D365 as a target, by its settings."""
    return _target("Dynamics", systems.settings.dynamics)


def commerce_of(systems: Systems) -> Target:
    """Commerce as a target, by its settings."""
    return _target("Commerce", systems.settings.commerce)


def _target(name: str, settings: Commerce | Dynamics) -> Target:
    return Target(
        name,
        timedelta(seconds=settings.send_within_seconds),
        timedelta(seconds=settings.write_timeout_seconds),
        timedelta(seconds=settings.commit_horizon_seconds),
    )
