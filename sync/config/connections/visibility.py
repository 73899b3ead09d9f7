"""Where on-hand quantities are read from the Inventory Visibility service."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from sync.config.connections.section import Section, Url, Whole

MEASURE: Final = r"^-?[^.\s]+\.[^.]+$"
Measure = Annotated[str, StringConstraints(pattern=MEASURE)]


class Visibility(Section):
    """The Inventory Visibility service, where on-hand quantities are read from it."""

    url: Url
    """Its endpoint, as the Inventory Visibility app shows it."""
    environment: str = Field(min_length=1)
    """The id of the environment in Lifecycle Services."""
    sign_in_url: Url = "https://securityservice.operations365.dynamics.com/token"
    data_source: str = "fno"
    """The data source whose names of dimensions are used."""
    available: tuple[Measure, ...] = ("fno.physicalinvent", "-fno.reservphysical")
    """Measures that make up what is available, as `source.measure`; with a minus they are taken
    off."""
    on_order: tuple[Measure, ...] = ("fno.onorder", "fno.reservordered")
    """What is taken off besides, where F&O does not reserve orders as they arrive."""
    dimensions: dict[Literal["color", "size", "style", "configuration", "version"], str] = {
        "color": "colorId", "size": "sizeId", "style": "styleId", "configuration": "configId",
    }  # fmt: skip
    """Product dimension -> its name in the service."""
    status: str = "statusId"
    """The name of the inventory status."""
    products: Whole = Field(default=100, ge=1, le=1000)
    """Products in one question."""
    most_rows: Whole = Field(default=512, ge=1)
    """An answer of so many rows may have been cut off."""
    lag_seconds: Whole = Field(default=120, ge=0, le=3600)
    """How long after F&O the service may hear of an order. For so long the order counts as not
    taken: too little is offered then, and never too much."""
    concurrency: Whole = Field(default=2, ge=1, le=51)
    concurrency_in_all: Whole = Field(default=8, ge=1, le=1000)

    @property
    def system(self) -> str:
        """The service's name for operators."""
        return f"Inventory Visibility at {self.url.split('://', 1)[-1]}"
