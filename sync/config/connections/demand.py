"""How forecast demand becomes entries of a forecast model in F&O."""

from pydantic import Field

from sync.config.connections.section import Section, Whole

PREFIX = r"^[A-Z0-9-]+$"


class Demand(Section):
    """The flow `demand`. The forecast comes from the data set of reports."""

    model: str = Field(default="", max_length=20)
    """The forecast model of F&O whose entries are written."""
    site: str = Field(default="", max_length=10)
    """The site of all entries; empty where the model needs none."""
    warehouse: str = Field(default="", max_length=10)
    """Their warehouse; empty where the model needs none."""
    weeks: Whole = Field(default=8, ge=1, le=26)
    """How far ahead."""
    prefix: str = Field(default="CW-", min_length=2, max_length=6, pattern=PREFIX)
    """What numbers of our entries begin with. Entries with other numbers are never touched."""
    oldest_days: Whole = Field(default=14, ge=1, le=90)
    """A forecast that is older is written no more."""
    poll_minutes: Whole = Field(default=60, ge=5, le=1440)
