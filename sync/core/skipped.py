"""What a flow says where nothing is to be done. Types, never prose that is read back."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Skipped:
    """Nothing to do, and why. A later notification looks again."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Waiting(Skipped):
    """Nothing to do yet, and what it waits for. Who depends on the record waits as well."""

    def __str__(self) -> str:
        return f"waiting: {self.reason}"
