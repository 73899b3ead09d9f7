"""The Dataverse environment of a connection, and the cases that returns and complaints become
there."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from sync.config.connections.section import SecretName, Section, Url, Whole, YesNo

GUID: Final = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
OWNER: Final = r"^((users|teams)/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"
STATUS: Final = r"^[0-9]{1,10}$"
COLUMN: Final = r"^([A-Za-z_][A-Za-z0-9_]*)?$"

Guid = Annotated[str, StringConstraints(pattern=GUID, to_lower=True)]
Owner = Annotated[str, StringConstraints(pattern=OWNER, to_lower=True)]
Status = Annotated[str, StringConstraints(pattern=STATUS)]
Column = Annotated[str, StringConstraints(pattern=COLUMN)]


class Dataverse(Section):
    """The environment. The app that signs in to F&O signs in here too, unless another one is named;
    either needs an application user of its own here."""

    url: Url
    """As in https://org.crm4.dynamics.com."""
    tenant: str | None = None
    client_id: str | None = None
    client_secret: SecretName | None = None
    certificate: SecretName | None = None
    concurrency: Whole = Field(default=4, ge=1, le=51)
    """With how many requests at a time a process begins."""
    concurrency_in_all: Whole = Field(default=26, ge=1, le=1000)
    """Requests of all processes together at a time; the service takes 52 of a user."""
    send_within_seconds: Whole = Field(default=60, ge=1, le=600)
    write_timeout_seconds: Whole = Field(default=60, ge=1, le=600)
    commit_horizon_seconds: Whole = Field(default=180, ge=1, le=3600)
    """How long after it was given up a write may still commit."""

    @property
    def system(self) -> str:
        """The environment's name for operators, the same for all connections that share it."""
        return f"Dataverse at {self.url.split('://', 1)[-1].rstrip('/')}"

    @property
    def identity(self) -> dict[str, str]:
        """What of the sign-in is another one's than F&O's."""
        names = ("tenant", "client_id", "client_secret", "certificate")
        return {name: value for name in names if (value := getattr(self, name))}


class CaseStep(Section):
    """What follows a status of a case. `comment` is written on the RMA or the order; `{case}`
    stands for the case's number. `decision`: what the status says is to be done; `authorise` lets
    a stopped return order of F&O go on."""

    comment: str = ""
    visible: YesNo = False
    """Whether the buyer reads the comment."""
    decision: Literal["", "authorise", "refund", "replacement"] = ""


class Cases(Section):
    """How returns and complaints become cases (`incident`) of Dataverse."""

    returns: YesNo = True
    """Whether each RMA is a case; comments of orders are one where `order_issues` flows."""
    account_column: Column = "accountnumber"
    """The column of `account` that holds F&O's customer account."""
    contacts: Literal["none", "email"] = "none"
    """`email`: who has no account there is looked for as a contact, by the order's e-mail
    address."""
    customers: dict[str, Guid] = {}
    """Customer account of F&O -> id of the account in Dataverse, `*` for all who are not found."""
    order_property: Column = ""
    """The lookup of `incident` to `salesorder` where the environment has one, by the name by which
    it is written."""
    order_column: Column = "ordernumber"
    """The column of `salesorder` that holds F&O's sales order number."""
    types: dict[Literal["return", "order"], Whole] = {"return": 3, "order": 2}
    """`casetypecode`: 1 question, 2 problem, 3 request in the standard."""
    origin: Whole = 3
    """`caseorigincode`: 3 is the web in the standard."""
    priority: Whole = 2
    """`prioritycode`: 2 is normal in the standard."""
    owner: Owner = ""
    """Who gets the case: "teams/<id>" or "users/<id>"; else the environment's own rules decide."""
    note_type_id: str = ""
    """The document type in F&O (`Note`) under which the return order tells what its case has
    decided; none where it is empty."""
    quote: YesNo = True
    """Whether the customer's own words go along as a note; otherwise the order is named alone."""
    key_column: Column = ""
    """A text column of `incident` that names the shop's record. With an alternate key of it the
    environment refuses a second case of one record, also of others."""
    resolve: YesNo = True
    """Whether a case is resolved once its RMA is closed in Commerce."""
    resolved: Whole = 5
    """`statuscode` of a case that we resolve: 5 is "Problem Solved" in the standard."""
    steps: dict[Status, CaseStep] = {}
    """`statuscode` -> what follows."""
    poll_minutes: Whole = Field(default=10, ge=1, le=1440)
