"""What D365 holds under our reference is taken over only where it is the very document: same account, currency, amount.

Two records of Commerce can bear equal numbers (increment ids are unique per store view only), and people type references
by hand. A record that adopted another one's document would be lost, and that document be changed; so it parks instead.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sync.errors import Never


class AnotherDocument(Never):
    """Our reference or number is on a document that is not this record's."""

    def __init__(self, reference: str, target: str, ours: Mapping[str, Any], there: Mapping[str, Any]) -> None:
        sides = "; ".join(f"{name} {_shown(there.get(name))} there, {_shown(ours[name])} here" for name in ours)
        super().__init__(
            f"{reference}: {target} in D365 bears this reference and is another document: {sides}",
            remedy=f"Compare both. If {target} is of somebody else, give it another reference in D365, then replay. If it is "
            "this document, correct there what differs, or delete it while it is open; then replay.",
        )


def must_be_ours(reference: str, target: str, ours: Mapping[str, Any], there: Mapping[str, Any]) -> None:
    """Raise `AnotherDocument`, naming both, where one of `ours` (account, currency, amount) is another one `there`.

    `target` is what a person calls the document in D365. Texts are compared as its database does: without regard to case
    and trailing spaces.
    """
    if any(_folded(there.get(name)) != _folded(value) for name, value in ours.items()):
        raise AnotherDocument(reference, target, ours, there)


def _folded(value: Any) -> Any:
    return value.rstrip().casefold() if isinstance(value, str) else value


def _shown(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value or "(none)")
