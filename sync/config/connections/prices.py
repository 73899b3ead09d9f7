"""How prices of F&O become prices in Commerce."""

from typing import Literal

from pydantic import Field

from sync.config.connections.section import CurrencyOrNone, DriftPolicy, Section, Whole, YesNo


class Prices(Section):
    """Which prices are shown to whom."""

    currency: CurrencyOrNone = ""
    """The base currency of the shop, which is the legal entity's: prices of released products have
    no currency of their own. Agreements in others are left out."""
    tax_included: YesNo = False
    """Whether F&O's prices are with tax; must be what the stores say of the shop."""
    groups: dict[str, str] = {}
    """Price group in F&O -> customer group in Commerce, by its code."""
    customers: dict[str, str] = {}
    """Customer account in F&O -> customer group in Commerce that this customer alone is in, as the
    group of its company or shared catalog."""
    line_discounts: YesNo = False
    """Whether prices are shown less F&O's line discounts. Then F&O must not take them off again:
    orders are posted with the shop's prices."""
    discount_groups: dict[str, str] = {}
    """Price group in F&O -> the line discount group that its customers are in."""
    special_prices: Literal["off", "dated", "scheduled"] = "off"
    """Whether a price of everybody that ends is shown as a special price until then. `dated`: from
    the day; `scheduled`: from a moment to come, as Adobe Commerce asks. `off`: as the base price,
    and special prices are the shop's own."""
    website: Whole = Field(default=0, ge=0)
    """The id of the website whose prices these are; 0 for all. Only with the shop's price scope
    `website`: with the global one they would be everybody's."""
    store_view: Whole = Field(default=0, ge=0)
    """The id of a store view of that website."""
    site: str = ""
    """Agreements of this site count; those of others never do."""
    warehouse: str = ""
    unclear: Literal["park", "lowest", "largest-quantity"] = "park"
    """Which price counts where F&O's depends on the order in which it visits its lines."""
    searched: tuple[Literal["customer", "group", "all"], ...] = ("customer", "group", "all")
    """Whose sales price agreements F&O searches, as its form *Activate price/discount* says: no
    entity tells it. Others are left out."""
    generic_currency: YesNo = True
    """Whether F&O may use its generic currency: then agreements in it park their products, for it
    converts them by rates that its entities do not tell."""
    decimals: Whole = Field(default=2, ge=0, le=4)
    most_changed_percent: Whole = Field(default=30, ge=1, le=100)
    """A run that would change more of the products shown waits for `approve`."""
    poll_minutes: Whole = Field(default=15, ge=1, le=1440)
    drift: DriftPolicy = {}
    """What becomes of single fields that the shop shows otherwise."""
