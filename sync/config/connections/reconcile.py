"""When both systems' books are compared by themselves."""

from pydantic import Field

from sync.config.connections.section import Section, Whole, YesNo


class Reconcile(Section):
    """Each night, day by day."""

    hour: Whole = Field(default=2, ge=0, le=23)
    """When the night's run begins, in the time zone of the legal entity."""
    days: Whole = Field(default=7, ge=0, le=31)
    """How many days back each night looks, and at older ones with differences; 0 never."""
    catalogue: YesNo = False
    """Whether each night compares all of products, prices and stock too, as far as they flow: it
    reads the whole catalogue of both systems."""
