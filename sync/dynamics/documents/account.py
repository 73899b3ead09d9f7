"""A customer account of F&O as it goes out: its fields, delivery addresses and contacts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property

from sync.core.encoding import digest


@dataclass(frozen=True)
class AccountAddress:
    """An address as it is valid now. `location` stays when it changes; `changed_at`: when this
    version of it began. `state`: as F&O keeps it; `country`: two letters."""

    location: str
    changed_at: datetime | None
    name: str
    street: tuple[str, ...]
    city: str
    postcode: str
    state: str
    country: str


@dataclass(frozen=True)
class AccountContact:
    """A contact person."""

    number: str
    firstname: str
    lastname: str
    email: str
    telephone: str
    job_title: str
    is_default: bool


@dataclass(frozen=True)
class Account:
    """An account, with what belongs to it. `fields`: those of CustomersV3 that are read."""

    company: str
    number: str
    fields: Mapping[str, str]
    addresses: tuple[AccountAddress, ...] = ()
    contacts: tuple[AccountContact, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that is read of it: accounts have no time of change."""
        parts = [[asdict(one) for one in many] for many in (self.addresses, self.contacts)]
        return digest([dict(self.fields), *parts])

    @property
    def hold(self) -> str:
        """For what it is on hold; "No" for nothing."""
        return self.fields.get("OnHoldStatus") or "No"

    @property
    def main_contact(self) -> AccountContact | None:
        """The contact who speaks for the account: the one it names, else its default contact, else
        its only one with an e-mail address."""
        named = [one for one in self.contacts if one.number == self.fields.get("ContactPersonId")]
        default = [one for one in self.contacts if one.is_default]
        reachable = [one for one in self.contacts if one.email]
        found = named or default or (reachable if len(reachable) == 1 else [])
        return found[0] if found else None
