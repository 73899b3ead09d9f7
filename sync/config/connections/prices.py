"""How prices of F&O become prices in Commerce."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from sync.config.connections.section import CurrencyOrNone, Section, Whole, YesNo


class Prices(Section):
    """Which prices are shown to whom."""

    currency: CurrencyOrNone = ""
    """The base currency of the shop, which is the legal entity's: prices of released products have
    no currency of their own. Agreements in others are left out."""
    tax_included: YesNo = False
    """Whether F&O's prices are with tax; must be what the stores say of the shop."""
    groups: dict[str, str] = {}
    """Price group in F&O -> customer group in Commerce, by its code."""
    site: str = ""
    """Agreements of this site count; those of others never do."""
    warehouse: str = ""
    unclear: Literal["park", "lowest", "largest-quantity"] = "park"
    """Which price counts where F&O's depends on the order in which it visits its lines."""
    decimals: Whole = Field(default=2, ge=0, le=4)
    most_changed_percent: Whole = Field(default=30, ge=1, le=100)
    """A run that would change more of the products shown waits for `approve`."""
    poll_minutes: Whole = Field(default=15, ge=1, le=1440)

    @property
    def share(self) -> Decimal:
        """`most_changed_percent` as a share."""
        return Decimal(self.most_changed_percent) / 100
