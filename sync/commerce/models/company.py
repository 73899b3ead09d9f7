"""A B2B company as `GET /V1/company/{id}` and the list of `/V1/company/` answer it."""

from enum import IntEnum
from typing import Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator, Field

from sync.commerce.models.fields import Many, Text, Whole, whole_from
from sync.commerce.models.postal_address import Address
from sync.commerce.models.record_by_id import RecordById
from sync.core.encoding import digest

FIELDS: Final = (
    "id", "status", "company_name", "legal_name", "company_email", "vat_tax_id", "reseller_id",
    "street", "city",
    "country_id", "region", "region_id", "postcode", "telephone", "customer_group_id",
    "sales_representative_id",
    "super_user_id",
)  # fmt: skip
"""What the product reads of a company: enough to see whether anything of it changed."""


class CompanyStatus(IntEnum):
    """What Commerce's staff decided about a company."""

    PENDING = 0
    APPROVED = 1
    REJECTED = 2
    BLOCKED = 3


class Company(RecordById):
    """A company. `id` is unique per installation; `super_user_id` is the customer who administers
    it."""

    kind: ClassVar[str] = "company"
    endpoint: ClassVar[str] = "/V1/company/{id}"

    status: Annotated[CompanyStatus, BeforeValidator(whole_from)]
    company_name: Annotated[Text, Field(min_length=1)]
    legal_name: Text = ""
    company_email: Annotated[Text, Field(min_length=1)]
    vat_tax_id: Text = ""
    reseller_id: Text = ""
    street: Annotated[list[Text], Many] = []
    city: Text = ""
    country_id: Text = ""
    region: Text = ""
    region_id: Text = ""
    postcode: Text = ""
    telephone: Text = ""
    customer_group_id: Whole = None
    sales_representative_id: Whole = None
    super_user_id: Whole = None

    @property
    def label(self) -> str:
        """For messages: the id, never a name."""
        return f"company {self.id}"

    @property
    def email(self) -> str:
        """The company's own e-mail address, as accounts are looked for by it."""
        return self.company_email.lower()

    def address(self, region_code: str) -> Address:
        """The legal address. Companies name their region by its id alone: `region_code` is what
        that stands for."""
        return Address(
            company=self.company_name, street=self.street, city=self.city, postcode=self.postcode,
            region=self.region,
            region_code=region_code, country_id=self.country_id, telephone=self.telephone,
        )  # fmt: skip


def fingerprint(document: dict[str, Any]) -> str:
    """A digest of what the product reads of a company: companies have no time of change."""
    return digest({name: document[name] for name in FIELDS if document.get(name) is not None})
