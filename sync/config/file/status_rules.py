"""What must hold for `status`: orders that flow, and nothing that comes back as news."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections.orders import Orders
from sync.config.connections.status import Status
from sync.config.file.breaches import Breach, missing_flow, sound
from sync.config.file.toml_lines import Path

OF_REPORTS = ("credit_hold", "rejected")


def status_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `status` of the connection at `path`."""
    status = sound(Status, written.get("status", {}))
    if status is None:
        return
    here = (*path, "status")
    why = "only orders that we have posted are told of"
    yield from missing_flow(here, written, "status", "orders", why)
    for name in OF_REPORTS:
        if name in status.steps and not status.reports:
            what = f'"{name}" is told by SalesTableBiEntities alone, and reports is false'
            remedy = "Write reports = true; `check` looks whether our user may read it."
            yield Breach((*here, "steps", name), what, remedy)
    if orders := sound(Orders, written.get("orders", {})):
        yield from _echoes((*here, "steps"), status, orders)


def _echoes(path: Path, status: Status, orders: Orders) -> Iterator[Breach]:
    """What F&O would hear of again: a hold or a status that the product itself sets."""
    for name, step in status.steps.items():
        if orders.stop_processing and (name == "stopped" or step.act == "hold"):
            what = f'"{name}" follows F&O, and orders.stop_processing stops F&O after Commerce'
            remedy = "Choose one direction: leave out this step, or stop_processing."
            yield Breach((*path, name), what, remedy)
        if step.status in orders.hold_statuses and step.status:
            what = f'"{step.status}" keeps an order from F&O (orders.hold_statuses)'
            remedy = "Choose another status, or take it out of orders.hold_statuses."
            yield Breach((*path, name, "status"), what, remedy)
        if not (step.comment or step.status or step.act != "none"):
            what = f'"{name}" says nothing to do'
            remedy = "Write a comment, a status or act, or leave it out."
            yield Breach((*path, name), what, remedy)
