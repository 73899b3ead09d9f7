"""A B2B company as `GET /V1/company/{id}` and the list of `/V1/company/` answer it."""

from enum import IntEnum
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, ValidationError

from sync.commerce.models.fields import Document, Many, Text, Whole, is_too_deep, whole_from
from sync.commerce.models.postal_address import Address
from sync.core.encoding import digest
from sync.core.errors import Never

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


class Company(Document):
    """A company. `id` is unique per installation; `super_user_id` is the customer who administers
    it."""

    id: Annotated[int, BeforeValidator(whole_from), Field(gt=0)]
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
    raw: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)

    @classmethod
    def read(cls, document: Any) -> Self:
        """From parsed JSON. Raises `Never` that names every field that cannot be read (names, never
        contents)."""
        if not isinstance(document, dict) or is_too_deep(document):
            kind = (
                "one nested deeper than any"
                if isinstance(document, dict)
                else type(document).__name__
            )
            raise Never(
                f"a company is a JSON object, found {kind}",
                remedy="Look at GET /V1/company/{id} in Commerce.",
            )
        try:
            return cls.model_validate({**document, "raw": document})
        except ValidationError as error:
            names = sorted(
                {
                    str(fault["loc"][0])
                    for fault in error.errors(include_input=False, include_url=False)
                }
            )
            named = document.get("id")
            raise Never(
                f"company {named if isinstance(named, int) else '(no id)'} cannot be read:"
                f" {', '.join(names)}",
                remedy="Look at these fields of the company in Commerce (GET /V1/company/{id}).",
            ) from None

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
