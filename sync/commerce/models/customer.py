"""A customer as `GET /V1/customers/{id}` and `customers/search` answer it."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from sync.commerce.models.fields import (
    Document,
    Flag,
    Many,
    One,
    Some,
    Text,
    Whole,
)
from sync.commerce.models.postal_address import Address
from sync.commerce.models.record_by_id import RecordById
from sync.core.encoding import digest


class CustomerAddress(Address):
    """An address of the book; `id` is stable while it exists."""

    id: Whole = None
    default_billing: Flag = False
    default_shipping: Flag = False

    @field_validator("region_code", mode="before")
    @classmethod
    def _code(cls, value: Any) -> Any:
        return value or ""


class CustomAttribute(Document):
    """A custom attribute; lists and objects are kept out: no attribute the product reads has
    them."""

    attribute_code: Text = ""
    value: Any = None


class CompanyUser(Document):
    """For whom a customer buys; 0 is no company."""

    company_id: Whole = None


class CustomerExtension(Document):
    """The part of a customer's extension attributes that the product reads."""

    company_attributes: Annotated[CompanyUser | None, One] = None


class Customer(RecordById):
    """A registered shopper. `id` is unique per installation, the e-mail address can change."""

    kind: ClassVar[str] = "customer"
    endpoint: ClassVar[str] = "/V1/customers/{id}"

    group_id: Whole = None
    store_id: Whole = None
    website_id: Whole = None
    email: Annotated[Text, Field(min_length=1)]
    firstname: Text = ""
    middlename: Text = ""
    lastname: Text = ""
    taxvat: Text = ""
    updated_at: Text = ""
    addresses: Annotated[list[CustomerAddress], Many] = []
    custom_attributes: Annotated[list[CustomAttribute], Many] = []
    extension_attributes: Annotated[CustomerExtension, Some] = CustomerExtension()

    @field_validator("addresses", mode="before")
    @classmethod
    def _with_region(cls, value: Any) -> Any:
        """REST nests the region; order addresses do not."""
        return [_flat(address) for address in value or []] if isinstance(value, list) else value

    def attribute(self, code: str) -> str:
        """A custom attribute's value as text, or empty."""
        found = next((a.value for a in self.custom_attributes if a.attribute_code == code), "")
        return str(found).strip() if isinstance(found, str | int) else ""

    @property
    def digest(self) -> str:
        """Of all that the product reads of a customer: the same for a row of a list and for the
        customer alone."""
        return digest(self.model_dump())

    @property
    def company_id(self) -> int | None:
        """The B2B company for which the customer buys; None for everybody else."""
        company = self.extension_attributes.company_attributes
        return (company.company_id or None) if company is not None else None

    @property
    def billing(self) -> CustomerAddress | None:
        """The default billing address, else the first."""
        default = next((address for address in self.addresses if address.default_billing), None)
        return default or (self.addresses[0] if self.addresses else None)


def _flat(address: Any) -> Any:
    if not isinstance(address, dict) or not isinstance(address.get("region"), dict):
        return address
    region = address["region"]
    return {**address, "region": region.get("region"), "region_code": region.get("region_code")}
