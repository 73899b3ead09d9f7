"""What the buyer hears of how F&O gets on with an order, and what Commerce does about it."""

from typing import Literal

from pydantic import Field

from sync.config.connections.section import Section, Whole, YesNo

Step = Literal[
    "confirmed", "picking", "partly_delivered", "backorder", "credit_hold", "stopped", "rejected"
]


class StatusStep(Section):
    """What follows where F&O has come so far."""

    comment: str = ""
    """A comment of the order, once; `{date}` stands for the day on which what is left ships, and
    nothing is told before F&O names one."""
    visible: YesNo = True
    """Whether the buyer reads the comment."""
    status: str = ""
    """A status of your own in Commerce, by its code; it must be assigned to `state`."""
    state: str = "processing"
    """The state of that status: it is set in this state only, and set again where a shipment or an
    invoice has replaced it."""
    act: Literal["none", "hold", "cancel"] = "none"
    """`hold`: the order is on hold while it is so in F&O. `cancel`: it is cancelled, unless
    something of it was invoiced or shipped."""


class Status(Section):
    """Which steps are told, by a map; one that is not named is told to nobody."""

    steps: dict[Step, StatusStep] = {}
    reports: YesNo = False
    """Whether our user may read `SalesTableBiEntities`, a copy for reporting: it alone tells of
    picking lists and of credit control."""
    date_format: str = Field(default="%Y-%m-%d", min_length=2)
    """How `{date}` is written, as in `%d.%m.%Y`."""
    events: tuple[str, ...] = ()
    """Business events of F&O that tell of an order's progress, with `SalesOrderId` in them. The
    standard has none: those of the customer's own."""
    poll_minutes: Whole = Field(default=10, ge=1, le=1440)

    @property
    def holds(self) -> bool:
        """Whether any step puts an order on hold."""
        return any(step.act == "hold" for step in self.steps.values())
