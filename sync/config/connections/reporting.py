"""What reports read, and how they sort and convert it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from sync.config.connections.section import Currency, Section, Whole, YesNo

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class Reporting(Section):
    """The data set of both systems. Off where the section is not there."""

    months: Whole = Field(default=36, ge=1, le=240)
    """How far back the first build reads."""
    cost: YesNo = False
    """Whether cost is read too, into a folder of its own: confidential."""
    also: tuple[Literal["carts", "returns"], ...] = ()
    """What more is read of Commerce: carts with negotiable quotes, RMAs (Adobe Commerce)."""
    restate_days: Whole = Field(default=60, ge=0, le=400)
    """How many days of cost each build reads again, whatever F&O says has changed: closing the
    inventory changes what was posted."""
    group_currency: Currency | None = None
    """The currency in which companies are added up; needs the exchange rates of F&O."""
    rate_type: Words = "Default"
    """The exchange rate type whose rates are used."""
    company_currencies: dict[str, Currency] = {}
    """Legal entity -> the currency of its books; needed for what Commerce has in another."""
    fiscal_year_starts: Whole = Field(default=1, ge=1, le=12)
    """The month with which a fiscal year begins; it has the name of the year in which it ends."""
    brands: dict[str, Words] = {}
    """Store view -> its brand; `default` for those that are not named."""
    regions: dict[str, Words] = {}
    """Country code -> region; a country that is not named is a region of its own."""
    forecast_weeks: Whole = Field(default=0, ge=0, le=26)
    """How many weeks of demand each build forecasts; 0: none, `report forecast` does."""
    hour: Whole | None = Field(default=None, ge=0, le=23)
    """When one machine builds each night, in the legal entity's time zone; nothing is built by
    itself where it is not there. On Azure a job of its own does."""
