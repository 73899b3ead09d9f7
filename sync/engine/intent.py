"""What a try was about to write, when its outcome is not known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

OTHER: Final = "corrected"
"""Stands for a document that equals no other: what the target holds is compared, not assumed. The
kinds follow that it may be of."""


@dataclass(frozen=True)
class Intent:
    """What was about to be written. Nothing of it is sent after `not_after`; nothing commits after
    `settled_by`.

    `kind`: of the document; empty where it may be any.
    """

    document: str
    not_after: datetime
    settled_by: datetime
    kind: str = ""

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
