"""How packing slips of F&O become shipments in Commerce."""

from pydantic import Field

from sync.config.connections.section import Section, Whole, YesNo


class Carrier(Section):
    """A carrier in Commerce: its code (`ups`, `usps`, `fedex`, `dhl`, `custom` or any other), and
    what buyers read."""

    code: str = Field(min_length=1)
    title: str = Field(min_length=1)


class Shipments(Section):
    """Which source a slip's warehouse is, who carries it, and whether the buyer hears of it."""

    sources: dict[str, str] = {}
    """Warehouse in F&O -> source code in Commerce; where none is named, those of `stock`."""
    carriers: dict[str, Carrier] = {}
    """Carrier or mode of delivery in F&O -> carrier in Commerce; `*` for all others. A slip's
    carrier goes before its mode."""
    notify: YesNo = False
    """Whether Commerce mails the buyer about each shipment."""
    substitutes: YesNo = False
    """Whether a line that F&O has put in place of another is shipped as that other's row: its item
    is the alternative item of the one that was ordered."""
    substitute_comment: str = Field(default="Sent instead of {ordered}: {sent}", max_length=200)
    """What the buyer reads on the order then."""
    events: tuple[str, ...] = ()
    """Business events of F&O that tell of a slip. The standard has none: those of the customer's
    own, with `SalesOrderId` or `PackingSlipId` in them. Polls find what no event tells."""
    tracking_days: Whole = Field(default=3, ge=0, le=30)
    """For so many days each poll looks at a slip again: tracking numbers come late, and neither
    they nor corrections have a time of change."""
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)

    def carrier_of(self, carrier: str, mode: str) -> Carrier:
        """The carrier of a slip in Commerce; one that nobody has mapped is `custom`."""
        by_name = {name.casefold(): one for name, one in self.carriers.items()}
        found = (by_name.get(name.casefold()) for name in (carrier, mode, "*") if name)
        named = carrier or mode or "Tracking number"
        return next((one for one in found if one), Carrier(code="custom", title=named))
