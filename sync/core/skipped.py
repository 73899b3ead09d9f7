"""What a flow says where nothing is to be done. Types, never prose that is read back."""

from dataclasses import dataclass

from sync.core.proof import Proof


@dataclass(frozen=True)
class Skipped:
    """Nothing to do, and why. A later notification looks again. `totals`: what was compared all the
    same; None where nothing was."""

    reason: str
    totals: Proof | None = None

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Waiting(Skipped):
    """Nothing to do yet, and what it waits for. Who depends on the record waits as well."""

    def __str__(self) -> str:
        return f"waiting: {self.reason}"
