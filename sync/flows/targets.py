"""How long a write may be under way, by the system it goes to."""

from datetime import timedelta

from sync.desk import Desk
from sync.engine.plan import Target


def dynamics_of(desk: Desk) -> Target:
    """D365 as a target, by its settings."""
    settings = desk.settings.dynamics
    return Target(
        "Dynamics",
        timedelta(seconds=settings.send_within_seconds),
        timedelta(seconds=settings.write_timeout_seconds),
        timedelta(seconds=settings.commit_horizon_seconds),
    )


def commerce_of(desk: Desk) -> Target:
    """Commerce as a target, by its settings."""
    settings = desk.settings.commerce
    return Target(
        "Commerce",
        timedelta(seconds=settings.send_within_seconds),
        timedelta(seconds=settings.write_timeout_seconds),
        timedelta(seconds=settings.commit_horizon_seconds),
    )
