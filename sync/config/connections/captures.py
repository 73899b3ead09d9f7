"""How F&O's posted invoices become invoices in Commerce, and when money is captured."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from sync.config.connections.section import Amount, Section, Whole, YesNo

Capture = Literal["at_invoice", "at_first_shipment", "never"]


class Captures(Section):
    """When the money of an order is captured, by payment method of Commerce. `at_invoice`: with
    each invoice of F&O, what it invoices. `at_first_shipment`: once, the whole order, for gateways
    that capture once only. `never`: Commerce captures nothing; the invoice is made all the same
    where no gateway holds an authorisation.
    """

    methods: dict[str, Capture] = {}
    """Payment method -> when; `*` for all others. One that nobody names is never captured."""
    credits: dict[str, Literal["report", "record", "online"]] = {}
    """Payment method -> what becomes of an order of which F&O invoiced less in all than Commerce;
    `*` for all others. `report`: a person decides. `record`: a credit memo gives the difference
    back, and a person pays it out. `online`: the gateway pays it. Where none is named: `report`."""
    credit_most: Amount = Field(default=Decimal(100), ge=0)
    """The most that is given back so without a person, in the order's currency."""
    notify: YesNo = False
    """Whether Commerce mails the buyer about each invoice."""
    authorisation_days: dict[str, Whole] = {}
    """Payment method -> days that its authorisations live; `*` for all others. Those that end
    before F&O invoices are listed in time."""
    warn_days: Whole = Field(default=3, ge=1, le=30)
    """So many days before its end an authorisation is listed."""
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)

    def capture_of(self, method: str) -> Capture:
        """When the money of a payment method is captured."""
        return self.methods.get(method) or self.methods.get("*") or "never"

    def credit_of(self, method: str) -> str:
        """What becomes of a total of F&O that is lower, of an order paid by a method."""
        return self.credits.get(method, self.credits.get("*", "report"))

    def life_of(self, method: str) -> int:
        """Days that an authorisation of a payment method lives; 0 where nobody says."""
        return self.authorisation_days.get(method) or self.authorisation_days.get("*") or 0
