"""How RMAs of Commerce become return orders in F&O, and how what F&O makes of them comes back."""

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from sync.config.connections.quotes import FileType
from sync.config.connections.section import Amount, Section, Whole, YesNo

Text = Literal["number", "replacement", "shipped"]
TEXTS: dict[Text, str] = {
    "number": "Your return number is {rma}. Please write it on the parcel.",
    "replacement": "Your replacement is order {order}.",
    "shipped": "Your replacement was sent with {carrier}: {track}.",
}


PHOTOS: Final = r"^([A-Za-z0-9_/-]*\{rma_id\}[A-Za-z0-9_/-]*)?$"


class Returns(Section):
    """Codes by the ids of Commerce's options, which differ from shop to shop; `*` stands for all
    others."""

    reference_template: str = "{store_id}-R{increment_id}"
    number_template: str = "{store_id}-R{increment_id}"
    """ReturnOrderNumber where `orders.numbers` is "ours"."""
    begin: Literal["pending", "authorized"] = "pending"
    """The status of an RMA from which on F&O has a return order of it."""
    authorise: Literal["rule", "person"] = "person"
    """`person`: the return order is stopped until somebody in F&O lets it go on. `rule`: it goes on
    at once where the return was requested within `within_days` of the order."""
    within_days: Whole = Field(default=30, ge=1, le=3650)
    reasons: dict[str, str] = {}
    """Option id of an item's reason -> return reason code."""
    dispositions: dict[str, str] = {}
    """Option id of an item's resolution -> disposition code, only where that alone decides; F&O's
    people name all others when the goods are there."""
    exchanges: tuple[str, ...] = ()
    """Option ids of resolutions for which goods are sent instead of money."""
    states: YesNo = True
    """Whether the states and quantities of an RMA are written, or its comments alone."""
    carrier: str = "custom"
    """Carrier code of the tracking numbers of replacements."""
    texts: dict[Text, str] = {}
    """What the customer reads, in the shop's language."""
    methods: dict[str, Literal["online", "offline"]] = {}
    """Payment method -> whether the gateway pays a refund out, or somebody else does; `*` for all
    others."""
    to_stock: YesNo = False
    """Whether Commerce puts refunded goods back into its source; off where the flow `stock` tells
    what there is."""
    notify: YesNo = False
    """Whether Commerce mails the buyer about each refund."""
    photos: Annotated[str, StringConstraints(pattern=PHOTOS)] = ""
    """The path below /V1 at which a module of the shop answers the files of an RMA
    (`rma-photos/{rma_id}`); Commerce itself has none. They are attached to the return order, by
    `return_states`, and to the case."""
    photo_types: tuple[FileType, ...] = ("jpg", "jpeg", "png", "webp", "pdf")
    """Endings of files that go along."""
    photo_megabytes: Whole = Field(default=4, ge=1, le=64)
    """The largest that goes along."""
    photo_type_id: str = Field(default="File", min_length=1)
    """The document type in F&O of files that we attach."""
    most_adjusted: Amount = Field(default=Decimal("0.05"), ge=0)
    """By how much the credited goods may differ from what Commerce would refund for them; more
    waits for a person. Fees and goodwill that have lines or charges of their own may be any."""
    poll_minutes: Whole = Field(default=10, ge=1, le=1440)

    def text(self, name: Text) -> str:
        """A text for the customer, its names still in braces."""
        return self.texts.get(name, TEXTS[name])

    def method_of(self, method: str) -> str | None:
        """Who pays a refund out; None where nobody has said."""
        return self.methods.get(method, self.methods.get("*"))


class OrderIssues(Section):
    """Which comments of an order ask for a person: a complaint without an RMA."""

    patterns: dict[str, str] = {}
    """What it is about -> a regular expression, in whatever case."""
    days: Whole = Field(default=30, ge=1, le=365)
    """For so many days after an order was placed its comments are looked at."""
    poll_minutes: Whole = Field(default=60, ge=5, le=1440)
