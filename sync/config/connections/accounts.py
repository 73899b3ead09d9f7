"""Which customer accounts of F&O are companies in Commerce, and what of them F&O decides there."""

from typing import Final, Literal

from pydantic import Field

from sync.config.connections.section import Section, Whole, YesNo

Owned = Literal[
    "name", "email", "telephone", "tax_number", "address", "price_group", "sales_representative",
    "status",
]  # fmt: skip
Rule = Literal["number", "tax_number", "email", "name"]

SHOWN: Final = ("name", "telephone", "tax_number", "address")


class Accounts(Section):
    """Accounts are chosen by group, flag or number; without any of them none goes out."""

    groups: tuple[str, ...] = ()
    """Customer groups of F&O whose organisations are companies in Commerce."""
    flag: str = ""
    """A field of CustomersV3 that is Yes for accounts that are companies in Commerce; beside
    `groups`, both must hold."""
    only: tuple[str, ...] = ()
    """Customer accounts by number, whatever their group."""
    create: YesNo = False
    """Whether companies and users that Commerce lacks are made there; Commerce mails them then."""
    match: tuple[Rule, ...] = ("number", "tax_number", "email")
    """How a company that is in Commerce already is recognised, first rule first: `number` is its
    reseller id."""
    fields: tuple[Owned, ...] = SHOWN
    """What F&O decides of a company in Commerce. Nothing else of it is ever changed, and the flow
    `companies` changes none of it in F&O."""
    price_groups: dict[str, Whole] = {}
    """Price group in F&O (`DiscountPriceGroupId`) -> id of the customer group in Commerce, which
    is that of a shared catalogue or not; `*` for all others."""
    sales_representatives: dict[str, Whole] = {}
    """Personnel number in F&O -> id of the admin user in Commerce; `*` for all others."""
    rejected_group: str = ""
    """Customer group of F&O in which the accounts of rejected companies are."""
    store: Whole = Field(default=1, ge=1)
    """The store view that new users belong to, whose mails they get."""
    users: YesNo = False
    """Whether contact persons with an e-mail address are users of the company."""
    job_title: str = Field(default="Buyer", min_length=1)
    """The job title of a user whose contact has none: Commerce requires one."""
    role: str = ""
    """The role in their company, by its name there, that users get when they join it; later the
    company decides. Empty: the one that Commerce gives. An administrator needs none."""
    existing_users: Literal["park", "join"] = "park"
    """What becomes of a contact whose e-mail address a shopper without company has."""
    addresses: Literal["none", "ledger", "both"] = "none"
    """Delivery addresses in the users' address books: `ledger` keeps them as F&O has them, `both`
    lets the later change win."""
    parents: Literal["leave", "invoice_account"] = "leave"
    """Whether a company is put below that of the account that F&O sends its invoices to. Commerce
    has relations of companies since B2B 1.5 (2.4.7)."""
    number_attribute: str = ""
    """The customer attribute that shows users their account number."""
    terms_attribute: str = ""
    """The customer attribute that shows users the terms of payment."""
    events: tuple[str, ...] = ()
    """Business events of F&O that tell of an account. The standard has none: those of the
    customer's own, or alerts as business events, with `CustomerAccount` or `AccountNum` in them."""
    poll_minutes: Whole = Field(default=60, ge=1, le=1440)
    """Accounts have no time of change: each poll reads them all."""

    def is_chosen(self, number: str, group: str, *, is_flagged: bool) -> bool:
        """Whether an account goes out."""
        if number.casefold() in {one.casefold() for one in self.only}:
            return True
        in_group = group.casefold() in {one.casefold() for one in self.groups}
        return bool(self.groups or self.flag) and (in_group or not self.groups) and is_flagged
