"""What accounts do in the shop, and which tasks for sellers follow from it."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from sync.config.connections.dataverse import Column
from sync.config.connections.portal import Origin
from sync.config.connections.section import SecretName, Section, Whole, YesNo

EMAIL: Final = r"^([^@\s]+@[^@\s]+)?$"
Email = Annotated[str, StringConstraints(pattern=EMAIL, to_lower=True)]
RuleName = Literal[
    "repeat", "overdue", "decline", "cart", "quote", "registration", "company_request", "refusal",
    "return", "interest",
]  # fmt: skip
FigureName = Literal[
    "score", "orders", "amount", "basket", "trend", "last_order", "next_order", "carts"
]
THRESHOLDS: Final[dict[RuleName, int]] = {
    "repeat": 3, "overdue": 0, "decline": 50, "cart": 24, "quote": 24, "registration": 7,
    "company_request": 0, "refusal": 1, "return": 2, "interest": 3,
}  # fmt: skip
"""What is meant where a rule names no threshold; its unit is told by `TaskRule.threshold`."""


class TaskRule(Section):
    """When a task is made, for whom, and how often at most."""

    threshold: Whole | None = Field(default=None, ge=0, le=10_000)
    """Days before the expected order (`repeat`), days after its interval (`overdue`), per cent less
    than in the three months before (`decline`), idle hours (`cart`, `quote`), days without an order
    (`registration`, `company_request`), how many in 30 days (`refusal`, `return`), on how many of
    14 days a product was looked at (`interest`)."""
    audience: Literal["all", "companies", "customers"] = "all"
    owner: Email = ""
    """E-mail address of the seller; otherwise `tasks.owners` decides."""
    cool_down_days: Whole = Field(default=30, ge=0, le=400)
    """For so long after its end no other task of the same rule is made for the account."""
    due_days: Whole = Field(default=3, ge=0, le=90)
    urgent: YesNo = False
    case: YesNo = False
    """Whether it is a case of Customer Service, which alerts the service people, not a task."""


class Interest(Section):
    """What shoppers look at, as a script on the shop's pages tells it."""

    origins: tuple[Origin, ...] = ()
    """The shop's pages that may tell."""
    key: SecretName
    """The secret with which the shop signs who is signed in; nobody's views count without."""
    requests_per_minute: Whole = Field(default=30, ge=1, le=600)
    """Of one address, in each process."""


class Tasks(Section):
    """Figures of each account, and tasks for the sellers. Nothing is made of a rule that is not
    written."""

    consent: str = ""
    """"contract", where buying alone allows a seller to call; otherwise the code of the customer's
    attribute that says yes. Must be written where `tasks` flows."""
    guest_consent: str = ""
    """The extension attribute of a guest's cart that says yes; empty: guests are left alone."""
    rules: dict[RuleName, TaskRule] = {}
    owners: dict[str, Email] = {}
    """Account of F&O -> e-mail address of its seller; `*` for all others."""
    cap_per_day: Whole = Field(default=10, ge=1, le=1000)
    """New tasks of one seller a day; others wait for the next day."""
    staff_groups: tuple[Whole, ...] = ()
    """Customer groups of staff and of tests."""
    staff_domains: tuple[str, ...] = ()
    """Domains of their e-mail addresses, as in "example.com"."""
    leads: YesNo = False
    """Whether who has no account in Dataverse becomes a lead; otherwise such a task is parked."""
    columns: dict[FigureName, Column] = {}
    """Figure -> the column of `account` in Dataverse that shows it, where one is installed: whole
    numbers, amounts in the currency that most was bought in, days."""
    categories: YesNo = False
    """Whether figures tell of which categories was bought; reads products."""
    months: Whole = Field(default=13, ge=4, le=36)
    """How far back orders are read."""
    keep_days: Whole = Field(default=400, ge=31, le=2000)
    """How long the figures of a day are kept."""
    console_url: str = ""
    """Where the console is, for links in tasks, as in "https://sync.example.com/api/console"."""
    interest: Interest | None = None
    poll_minutes: Whole = Field(default=60, ge=1, le=1440)
