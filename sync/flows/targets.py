"""How long a write may be under way, by the system it goes to."""

from datetime import timedelta

from sync.engine.systems import Systems
from sync.engine.write import Target


def dynamics_of(systems: Systems) -> Target:
    """D365 as a target, by its settings."""
    settings = systems.settings.dynamics
    return Target(
        "Dynamics",
        timedelta(seconds=settings.send_within_seconds),
        timedelta(seconds=settings.write_timeout_seconds),
        timedelta(seconds=settings.commit_horizon_seconds),
    )


def commerce_of(systems: Systems) -> Target:
    """Commerce as a target, by its settings."""
    settings = systems.settings.commerce
    return Target(
        "Commerce",
        timedelta(seconds=settings.send_within_seconds),
        timedelta(seconds=settings.write_timeout_seconds),
        timedelta(seconds=settings.commit_horizon_seconds),
    )
