"""What a record's claim says of a write before it is sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

UNSAVED: Final = "unsaved|"
OTHER: Final = "corrected"
"""Stands for a document that equals no other: what the target holds is compared, not assumed. The
kinds follow that it may be of."""


@dataclass(frozen=True)
class Intent:
    """What was about to be written. Nothing of it is sent after `not_after`; nothing commits after
    `settled_by`.

    `kind`: of the document; empty where it may be any. `is_unsaved`: the target said that it could
    not store it, after a payment gateway may have moved its money.
    """

    document: str
    not_after: datetime
    settled_by: datetime
    kind: str = ""
    is_unsaved: bool = False

    @classmethod
    def of(
        cls, stored: str, not_after: datetime | None, settled_by: datetime | None, kind: str
    ) -> Self | None:
        """From a claim's cells; None where they announce nothing."""
        if not stored or not_after is None or settled_by is None:
            return None
        document = stored.removeprefix(UNSAVED)
        return cls(document, not_after, settled_by, kind, document != stored)

    @property
    def stored(self) -> str:
        """The document as a claim stores it."""
        return f"{UNSAVED if self.is_unsaved else ''}{self.document}"

    def concerns(self, kind: str) -> bool:
        """Whether a document of this kind may have been left behind."""
        return self.kind in ("", kind)

    @property
    def kinds(self) -> set[str]:
        """The kinds that a document may be of which was left behind, as far as that is known; ""
        stands for any."""
        first, *others = self.document.split("|")
        return set(others) if first == OTHER else {self.kind}

    def beside(self, kind: str, document: str) -> tuple[str, str]:
        """The kind and document of an intent of this other document while this one is open."""
        both = kind if self.kind == kind else ""
        if self.document.startswith(OTHER):
            return both, corrected({*self.kinds, kind})
        return both, f"mixed|{document}"


def corrected(kinds: Iterable[str]) -> str:
    """The document of an intent after a correction; what was left behind may be of these kinds."""
    return "|".join([OTHER, *sorted(kinds)])
