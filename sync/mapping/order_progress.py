"""How far F&O has come with an order, as one step that is told, with the day on which what is left
of it ships; and authorisations that end before it is invoiced. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.dynamics.documents.order_progress import LineProgress, OrderProgress
from sync.mapping.captures import is_at_gateway
from sync.mapping.posting_policy import is_captured

LEFT = frozenset({"Backorder", "None", ""})
"""Statuses of a line of which something is still to be delivered."""
BEGUN = frozenset({"PartiallyDelivered", "DeliveredPartiallyInvoiced", "PartiallyInvoiced"})


@dataclass(frozen=True)
class Told:
    """A step, empty where nothing is told; `ships_on`: the last day on which what is left of the
    order ships, None where F&O names none."""

    step: str
    ships_on: date | None = None


def told_of(progress: OrderProgress) -> Told:
    """The step that an order has reached: what stops it goes before how far it is."""
    left = [line for line in progress.lines if line.status in LEFT]
    day = _last(left) or (progress.ships_on if left else None)
    if progress.is_rejected:
        return Told("rejected")
    if progress.status not in {"Backorder", "None", ""}:
        return Told("")
    if progress.is_in_credit_control:
        return Told("credit_hold")
    if progress.is_stopped:
        return Told("stopped")
    return Told(_step(progress, left, day), day)


def _step(progress: OrderProgress, left: list[LineProgress], day: date | None) -> str:
    if progress.processing in BEGUN or 0 < len(left) < len(progress.lines):
        return "partly_delivered"
    if progress.processing == "Picked" or progress.document == "PickingList":
        return "picking"
    if any(one.ships_on and one.asked_for and one.ships_on > one.asked_for for one in left):
        return "backorder"
    is_confirmed = progress.processing == "Confirmed" or progress.document == "Confirmation"
    return "confirmed" if is_confirmed or day else ""


def _last(lines: list[LineProgress]) -> date | None:
    return max((one.ships_on for one in lines if one.ships_on), default=None)


def authorised_until(order: Order, connection: Connection) -> datetime | None:
    """When the order's authorisation ends; None where there is none, where its money has come, or
    where nobody says how long one lives."""
    life, placed = connection.captures.life_of(order.payment.method), order.placed_at
    if not life or placed is None or not is_at_gateway(order):
        return None
    return None if is_captured(order) else placed + timedelta(days=life)


def is_ending(until: datetime | None, connection: Connection, now: datetime) -> bool:
    """Whether an authorisation ends so soon that a person has to know."""
    return until is not None and now >= until - timedelta(days=connection.captures.warn_days)
