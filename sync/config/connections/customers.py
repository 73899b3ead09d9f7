"""How shoppers become customer accounts, and SKUs item numbers."""

from typing import Literal

from pydantic import Field

from sync.config.connections.section import CurrencyOrNone, NumberMode, Section, Whole

MatchRule = Literal["customer_number", "email"]


class Customers(Section):
    """How shoppers become customer accounts."""

    numbers: NumberMode = NumberMode.THEIRS
    number_template: str = "C{customer_id}"
    guest_number_template: str = "G{digest}"
    guests: Literal["per_email", "collective"] = "per_email"
    match: tuple[MatchRule, ...] = ("email",)
    customer_number_attribute: str = "fno_account"
    group: str = ""
    groups: dict[str, str] = {}
    currency: CurrencyOrNone = ""
    """SalesCurrencyCode of new accounts; empty: that of the order which made the account
    necessary."""
    payment_terms: str = ""
    send_tax_numbers: bool = False
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)
    countries: dict[str, str] = {}
    """Commerce's two letters -> F&O country id, where it is not ISO's three letters."""
    states_in: tuple[str, ...] = ("AU", "BR", "CA", "IN", "MX", "US")
    """Countries whose states F&O keeps; elsewhere Commerce's region is not sent, F&O would refuse
    it."""
    invoice_accounts_of: Literal["business", "everybody", "nobody"] = "business"
    """Whose invoice account in F&O is read, and sent beside the account that ordered: `business`
    is every company, and each account that was not made by us for a shopper."""


class Items(Section):
    """How SKUs become item numbers where the mapping table has no row: `sku` takes the SKU itself,
    `none` parks."""

    rule: Literal["sku", "none"] = "none"
    custom_options: Literal["none", "base"] = "none"
    """A sku that chosen custom options made longer: `base` takes the item of the product itself,
    which is the same for all its options, where the longer sku has no row of its own."""
    unit: str = ""
