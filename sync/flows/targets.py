"""The systems that are written to, and how long a write to each may be under way."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from sync.commerce.bulks import PATIENCE
from sync.config.connections import Commerce, Dataverse, Dynamics
from sync.core.errors import Never
from sync.dataverse.client import DataverseClient
from sync.engine.systems import Systems
from sync.engine.write import Target

NAMED: Final = "Write [connections.<name>.dataverse] into connections.toml, then replay."


def dynamics_of(systems: Systems) -> Target:
    """D365 as a target, by its settings."""
    return _target("Dynamics", systems.settings.dynamics)


def commerce_of(systems: Systems) -> Target:
    """Commerce as a target, by its settings."""
    return _target("Commerce", systems.settings.commerce)


def dataverse_of(section: Dataverse) -> Target:
    """Dataverse as a target, by its settings."""
    return _target("Dataverse", section)


def service_of(systems: Systems) -> tuple[DataverseClient, Dataverse]:
    """The Dataverse environment's client and settings. Raises `Never` where none is named."""
    client, section = systems.dataverse, systems.settings.dataverse
    if client is None or section is None:
        raise Never("no Dataverse environment is named", remedy=NAMED)
    return client, section


def rows_of(systems: Systems) -> Target:
    """Commerce as a target of many rows, which its consumers may carry out later."""
    settings, target = systems.settings.commerce, commerce_of(systems)
    if not settings.bulk_from:
        return target
    return replace(
        target, write_timeout=target.write_timeout + PATIENCE,
        commit_horizon=timedelta(minutes=settings.bulk_horizon_minutes),
    )  # fmt: skip


def _target(name: str, settings: Commerce | Dynamics | Dataverse) -> Target:
    return Target(
        name,
        timedelta(seconds=settings.send_within_seconds),
        timedelta(seconds=settings.write_timeout_seconds),
        timedelta(seconds=settings.commit_horizon_seconds),
    )
