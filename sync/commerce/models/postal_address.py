"""A postal address as orders and customers of Commerce hold it."""

from typing import Annotated, Any

from pydantic import field_validator

from sync.commerce.models.fields import Document, Many, Text


class Address(Document):
    """A snapshot of an address on an order, or an address of a customer."""

    firstname: Text = ""
    middlename: Text = ""
    lastname: Text = ""
    company: Text = ""
    street: Annotated[list[Text], Many] = []
    city: Text = ""
    postcode: Text = ""
    region: Text = ""
    region_code: Text = ""
    country_id: Text = ""
    telephone: Text = ""
    email: Text = ""
    vat_id: Text = ""

    @field_validator("street", mode="before")
    @classmethod
    def _lines(cls, value: Any) -> Any:
        return value.split("\n") if isinstance(value, str) else value

    @field_validator("region", mode="before")
    @classmethod
    def _region_name(cls, value: Any) -> Any:
        return value.get("region") if isinstance(value, dict) else value

    @property
    def name(self) -> str:
        """The person's name, or the company's when there is none."""
        return (
            " ".join(part for part in (self.firstname, self.middlename, self.lastname) if part)
            or self.company
        )
