"""The mark that stops a sales order in F&O while its order is on hold in Commerce.

Only a stop of ours is lifted. The claim says that it is ours once its answer has come; before that
the announced change does, so that one whose answer was lost is ours as well.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sync.dynamics.documents.sales_order_changes import Changes
from sync.dynamics.existing_sales_order import STOPPED
from sync.engine.delivery import Delivery

STOP: Final = "stop"
"""Under which the claim remembers that a stop is ours."""
MOVED: Final = "|stop"
"""How the digest of an announced change ends that sets or lifts one."""


def is_ours(kind: str, delivery: Delivery) -> bool:
    """Whether a stop that F&O has of the order is ours, or may be since an answer was lost."""
    held, inherited = delivery.held(kind), delivery.inherited
    is_announced = inherited is not None and inherited.document.endswith(MOVED)
    return is_announced or (held is not None and bool(held.keys.get(STOP)))


def with_stop(form: dict[str, Any], sent: Any, hold: str, *, ours: bool) -> dict[str, Any]:
    """With the mark where the order is on hold; without it where we set it. `sent`: tells it of
    orders whose claim does not."""
    if hold:
        return {**form, "header": {**form["header"], STOPPED: "Yes"}}
    was_ours = ours or (bool(sent) and STOPPED in sent["header"])
    return {**form, "header": {**form["header"], STOPPED: "No"}} if was_ours else form


def already_stopped(
    changes: Changes, form: dict[str, Any], *, ours: bool
) -> tuple[Changes, dict[str, Any]]:
    """F&O has stopped it already. Where we did not, it is theirs to release."""
    header = {name: value for name, value in changes.header.items() if name != STOPPED}
    kept = {name: value for name, value in form["header"].items() if ours or name != STOPPED}
    return replace(changes, header=header), {**form, "header": kept}


def remembered(form: Mapping[str, Any]) -> dict[str, str]:
    """What the claim keeps of it, once F&O holds the order in this form."""
    return {STOP: "ours" if form["header"].get(STOPPED) == "Yes" else ""}
