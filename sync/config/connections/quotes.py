"""How negotiable quotes of Commerce become sales quotations in F&O, and how the answer comes
back."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from sync.config.connections.dataverse import Guid, Owner
from sync.config.connections.section import Currency, NumberMode, Section, Whole, YesNo

Status = Literal["Sent", "Submitted", "Approved", "Revised"]
FILE_TYPE: Final = r"^[a-z0-9]{1,10}$"
FileType = Annotated[str, StringConstraints(pattern=FILE_TYPE, to_lower=True)]
Text = Literal["answer", "lost", "cancelled", "ordered", "won"]
TEXTS: dict[Text, str] = {
    "answer": "Our quotation {number}, version {version}.{terms}",
    "lost": "We cannot make you an offer for this request (quotation {number}).",
    "cancelled": "Quotation {number} was cancelled.",
    "ordered": "Quotation {number} is ordered already: your order is {order}.",
    "won": "Quotation {number} is sold already; ask us for its order.",
}
ACTIVE: Final = "Active"
"""What a quote of Dynamics 365 Sales is that a seller has approved."""


class SalesQuotes(Section):
    """How quotes are kept in Dynamics 365 Sales, where `quotes.target` says so."""

    answered: tuple[Whole, ...] = (2, 3)
    """`statuscode` of an Active quote whose prices are approved: In Progress and Open in the
    standard."""
    revise: YesNo = True
    """Whether an Active quote is revised when its buyer asks for something else; otherwise it waits
    for a seller who does."""
    price_lists: dict[Currency, Guid] = {}
    """Currency -> id of the price list, where the environment demands one."""
    owner: Owner = ""
    """Who gets a new quote: "teams/<id>" or "users/<id>"; else the environment's rules decide."""


class Quotes(Section):
    """Quotes of B2B buyers. Owners are those of `companies.sales_representatives`."""

    target: Literal["dynamics", "dataverse"] = "dynamics"
    """Where quotes are negotiated: as quotations of F&O, or as quotes of Dynamics 365 Sales, in an
    environment without dual-write of prospect-to-cash."""
    sales: SalesQuotes = SalesQuotes()
    numbers: NumberMode = NumberMode.THEIRS
    """`ours`: header and lines travel in one changeset, and F&O itself refuses a second one; the
    number sequence of quotations must be manual then."""
    number_template: str = "Q{store_id}-{quote_id}"
    reference_template: str = "Q{store_id}-{quote_id}"
    answered: tuple[Status, ...] = ("Sent",)
    """Statuses in F&O in which prices are approved and go to the buyer."""
    prices: Literal["total", "items"] = "total"
    """`items`: one price per item where that is exact (2.4.7 and later); else one proposed total,
    which Commerce spreads over the items."""
    amounts: Literal["net", "gross"] = "net"
    """What a proposed price means in the shop: without or with tax."""
    reads_each_cart: YesNo = True
    """Whether a cart whose list does not tell of a quote is read: some shops leave that out."""
    wish_field: Literal["LineDescription", ""] = "LineDescription"
    """Field of a quotation line that takes what the buyer sees and asks, as text."""
    order_field: Literal["QuotationNumber", "SalesOrderName", "URL", ""] = "QuotationNumber"
    """Field of a sales order that takes the number of its quotation."""
    reasons: dict[str, str] = {}
    """Reason code of a lost or cancelled quotation -> what the buyer reads."""
    texts: dict[Text, str] = {}
    """What the buyer reads, in the shop's language."""
    terms: dict[str, str] = {}
    """Code of terms of payment or delivery -> what the buyer reads; else the code itself."""
    link: YesNo = False
    """Whether the web address in a quotation's URL field goes to the buyer: a contract, terms."""
    files: Literal["none", "account"] = "none"
    """`account`: the buyer's files are attached to the customer account in F&O, and external files
    of the account that are named after the quotation go to the buyer with its answer."""
    file_types: tuple[FileType, ...] = (
        "doc", "docx", "xls", "xlsx", "pdf", "txt", "jpg", "png", "jpeg",
    )  # fmt: skip
    """Endings of files that go either way; those that the shop allows."""
    file_megabytes: Whole = Field(default=2, ge=1, le=64)
    """The largest file; what the shop allows."""
    file_type_id: str = Field(default="File", min_length=1)
    """The document type in F&O of files that we attach."""
    agreement_reference: str = "T{template_id}"
    """What the external document reference of a sales agreement says to name a quote template."""
    agreement_url: str = ""
    """Where an agreement is read, by {agreement}; else F&O's internet address of it."""
    events: tuple[str, ...] = ()
    """Ends of the types of Adobe events that tell of a quote, as the shop registers them: names
    like `plugin.negotiable_quote.api.negotiable_quote_management.send`. Polls find all others."""
    poll_minutes: Whole = Field(default=10, ge=1, le=1440)

    @property
    def answering(self) -> tuple[str, ...]:
        """Statuses in which prices are approved, as the target's people read them."""
        return (ACTIVE,) if self.target == "dataverse" else self.answered

    def text(self, name: Text) -> str:
        """A text for the buyer, its names still in braces."""
        return self.texts.get(name, TEXTS[name])
