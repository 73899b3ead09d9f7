"""How B2B companies become customer accounts, and their buyers contacts."""

from typing import Literal

from pydantic import Field

from sync.config.connections.section import CurrencyOrNone, Section, Whole, YesNo


class Companies(Section):
    """How B2B companies become customer accounts. Who numbers them, customer groups and countries
    are those of `customers`."""

    number_template: str = "B{company_id}"
    match: tuple[Literal["reseller_id", "email", "vat"], ...] = ("email",)
    """How an organisation that is in F&O already is recognised, first rule first; `reseller_id`
    is first by itself where the flow `accounts` is on."""
    requests: Literal["wait", "list", "ledger"] = "wait"
    """What becomes of a company that waits for approval: nothing; it is listed for a person, who
    decides in Commerce; or it gets an account on hold, and F&O decides by lifting the hold, or by
    `accounts.rejected_group`."""
    currency: CurrencyOrNone = ""
    """SalesCurrencyCode of new accounts; empty: `customers.currency`."""
    payment_terms: str = ""
    sales_representatives: dict[str, str] = {}
    """Commerce's admin user id -> personnel number in F&O; `*` for all others. Empty: none is
    sent."""
    hold: Literal["All", "Invoice", "keep"] = "All"
    """OnHoldStatus while Commerce blocks or rejects the company; `keep` leaves holds to the
    ledger."""
    contacts: YesNo = True
    """Whether buyers become contacts of the account, and orders name theirs."""
    poll_minutes: Whole = Field(default=60, ge=1, le=1440)
    """Companies have no time of change: each poll reads them all."""
