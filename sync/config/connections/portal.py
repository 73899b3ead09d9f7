"""What buyers may see of their account with F&O, and how they prove who they are."""

from typing import Annotated, Final, Literal, get_args

from pydantic import Field, StringConstraints

from sync.config.connections.customers import MatchRule
from sync.config.connections.section import SecretName, Section, Whole, YesNo

ORIGIN: Final = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$"
Origin = Annotated[str, StringConstraints(pattern=ORIGIN, to_lower=True)]
"""A page's origin as browsers send it: scheme, host, and a port that is not the usual one."""
Journal = Literal["CustInvoiceJourBiEntities", "SalesInvoiceHeadersV2"]


class Portal(Section):
    """The buyer's invoices, for the shop's own pages. Off where the section is not there."""

    origins: tuple[Origin, ...] = ()
    """The shop's pages that may ask from a browser."""
    customer_tokens: YesNo = True
    """Whether a customer's own token of Commerce, which Commerce confirms, opens the portal."""
    shop_key: SecretName | None = None
    """The secret with which a module in the shop signs who is signed in, for five minutes."""
    matched_by: tuple[MatchRule, ...] = ()
    """Rules of `customers.match` whose accounts are shown to who was matched. Anybody can register
    with another's e-mail address, unless the shop has it confirmed, and set attributes by REST."""
    permission: str = "Magento_Sales::view_orders_sub"
    """What a company user's role must allow; the company's administrator may see all. Empty: any
    user of the company."""
    journal: Journal = "CustInvoiceJourBiEntities"
    """Where invoices are read. `SalesInvoiceHeadersV2` is without free text and project invoices,
    for environments that refuse the other."""
    months: Whole = Field(default=24, ge=1, le=120)
    """How far back documents are shown; open ones always are."""
    requests_per_minute: Whole = Field(default=60, ge=1, le=6000)
    """Of one buyer, in each process."""
    phone_orders: YesNo = False
    """Whether sales orders are listed that were not placed in the shop."""
    delivery: YesNo = False
    """Whether a document tells where its goods went: address, packing slips, tracking numbers."""
    seller: str = ""
    """The name at the head of a copy; empty: that of the legal entity."""
    originals_url: str = ""
    """Where the document store has the original as PDF, with `{company}` and `{invoice}` in it. A
    copy is rendered where it is not there."""
    originals_key: SecretName | None = None
    """The bearer token for the document store."""

    def shows(self, matched_by: str) -> bool:
        """Whether a shopper sees an account that was found so. Not by a rule that goes by what they
        enter, unless it is named."""
        return matched_by not in get_args(MatchRule) or matched_by in self.matched_by
