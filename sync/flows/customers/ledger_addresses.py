"""What users have changed in their address books, as a write to their account in F&O.

Repeats: an address that is new to F&O is named by its id in Commerce, and looked for by that name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.core.request import Request
from sync.dynamics.documents.requests import ADDRESSES, address_requests
from sync.engine.systems import Systems
from sync.engine.write import Amendment, Found, Target, Write
from sync.mapping.address_books import Merged, name_of
from sync.mapping.shop_addresses import ledger_fields

KIND: Final = "account_addresses"


@dataclass(frozen=True)
class LedgerAddressesWrite(Write):
    """The addresses of an account that a user has changed (`to_ledger`) or added (`new`)."""

    kind: ClassVar[str] = KIND
    company: str
    account: str
    merged: Merged
    systems: Systems
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.account

    @property
    @override
    def document(self) -> Any:
        """Empty where nothing is to be written. The time tells one change from the same again."""
        changed = {
            place: {**self._fields(content), "at": self.merged.links[place].at}
            for place, content in self.merged.to_ledger.items()
        }
        return {**changed, **self._new()}

    def _fields(self, content: Any) -> dict[str, str]:
        of = f"account {self.account}: an address of its users"
        return ledger_fields(content, self.systems.settings.customers, of=of)

    def _new(self) -> dict[str, dict[str, str]]:
        return {
            name_of(number): {
                **self._fields(content), "AddressDescription": name_of(number),
                "IsRoleDelivery": "Yes",
            }
            for number, content in self.merged.new.items()
        }  # fmt: skip

    @property
    def placed(self) -> Any:
        """The account is there, and is brought up to date."""
        return {}

    @override
    def requests(self) -> Sequence[Request]:
        changed = [self._fields(content) for content in self.merged.to_ledger.values()]
        return [
            *(Request("PATCH", f"/data/{ADDRESSES}", one) for one in changed),
            *address_requests(self.company, self.account, self._new()),
        ]

    @override
    async def find(self) -> Found | None:
        return Found(self.account, label=f"addresses of {self.account}")

    @override
    async def create(self, not_after: datetime) -> Found:
        raise TypeError("an account's addresses are changed, never made with it")

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        customers = self.systems.dynamics.customers
        changed = {place: self._fields(content) for place, content in self.merged.to_ledger.items()}

        async def apply(not_after: datetime) -> None:
            await customers.put_locations(self.company, self.account, changed, not_after=not_after)
            await customers.put_addresses(
                self.company, self.account, self._new(), not_after=not_after
            )

        return Amendment(self.document, apply)
