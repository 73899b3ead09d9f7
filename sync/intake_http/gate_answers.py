"""What the gate says: the answer as Commerce reads it, and the record that is kept of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.encoding import to_json
from sync.credit.asked import Asked
from sync.credit.decisions import Decision
from sync.credit.policy import Figures, Verdict
from sync.intake_http.answers import SUCCESS, HttpAnswer

OPEN: Final = SUCCESS
"""What is answered where nothing may be decided: go on."""


@dataclass(frozen=True)
class Decided:
    """A verdict, and the figures that it rests on. `is_kept`: it is recorded already."""

    verdict: Verdict
    figures: Figures
    is_kept: bool = False


def is_worth_keeping(asked: Asked, decided: Decided) -> bool:
    """Whether a decision is kept: of every order on account, and of carts of known companies."""
    return asked.about == "order" or decided.figures.company is not None


def decision_of(asked: Asked, decided: Decided, now: datetime) -> Decision:
    """The record of a decision."""
    figures, verdict = decided.figures, decided.verdict
    one = figures.prepared
    available = verdict.available
    if available is None and one is not None:
        available = one.available
    return Decision(
        now.isoformat(), asked.about, asked.subject, one.account if one else "",
        str(figures.company or ""), str(asked.customer or ""), verdict.is_allowed, verdict.reason,
        "" if verdict.amount is None else f"{verdict.amount:.2f}",
        "" if available is None else f"{available:.2f}",
        f"{verdict.reserved:.2f}", one.currency if one else "",
        figures.at.isoformat() if figures.at else "",
    )  # fmt: skip


def answer_of(asked: Asked, verdict: Verdict, settings: Connection) -> HttpAnswer:
    """The answer as Commerce reads it: go on, the order is refused, or ways to pay are taken off
    the offer."""
    credit = settings.credit
    if verdict.is_allowed:
        return OPEN
    if asked.about == "order":
        return _json({"op": "exception", "message": credit.gate.text_for(asked.store)})
    return _json([_hidden(method) for method in credit.on_account])


def _hidden(method: str) -> Mapping[str, Any]:
    return {"op": "add", "path": "result", "value": {"code": method}}


def _json(document: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> HttpAnswer:
    return HttpAnswer(200, to_json(document))
