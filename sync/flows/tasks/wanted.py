"""An account as it is looked at, and one task that may follow from it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sync.buying.kept import KeptTask
from sync.buying.reasons import Look, Reason
from sync.buying.score import score_of
from sync.config.connections.tasks import RuleName
from sync.flows.tasks.account_reading import Account

TASKS: Final = "tasks"


@dataclass(frozen=True)
class Looked:
    """An account with what it gives reason to. `number`: its account in F&O, or empty; `unfit`: why
    neither figures nor tasks are made of it."""

    account: Account
    number: str
    look: Look
    is_erased: bool = False
    unfit: str = ""
    reasons: dict[RuleName, Reason] = field(default_factory=dict)

    @property
    def score(self) -> dict[str, int]:
        """Its parts, which add up."""
        return score_of(self.look.signals, self.look.pattern)

    @property
    def name(self) -> str:
        """For messages: numbers, never a name."""
        return self.number or self.account.key


@dataclass(frozen=True)
class Wanted:
    """A task that is looked at: of an account, a rule and an episode. `kept`: the row of its
    account and rule, with its etag."""

    looked: Looked
    rule: RuleName
    episode: str
    kept: KeptTask | None
    etag: str

    @property
    def look(self) -> Look:
        """Of the account."""
        return self.looked.look

    @property
    def key(self) -> str:
        """The record's."""
        return f"{self.looked.account.key}|{self.rule}|{self.episode}"

    @property
    def reason(self) -> Reason | None:
        """Why it is wanted; None once that is gone."""
        found = self.looked.reasons.get(self.rule)
        return found if found is not None and found.episode == self.episode else None

    @property
    def is_taken(self) -> bool:
        """Whether the row of its account and rule is its own."""
        return self.kept is not None and self.kept.episode == self.episode

    @property
    def is_open(self) -> bool:
        """Whether it was made, and its end is not recorded."""
        return self.is_taken and self.kept is not None and self.kept.is_open

    @property
    def today(self) -> date:
        """In the legal entity."""
        return self.look.pattern.day
