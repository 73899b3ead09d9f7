"""Who makes an account for an e-mail address: one record at a time, of whatever connection and
process. Two records of one person would each look, find nothing, and make one.

F&O refuses no second account of an address. So who makes one keeps a row that says until when it
may come to be there; others wait for that, and look again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sync.core.errors import Later
from sync.core.ports import Conflict, Row, Tables
from sync.engine.delivery import Delivery

ACCOUNT_HOLDS: Final = "accountholds"
A_MOMENT: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class AccountHold:
    """What a record holds while its account is made. `place`: the legal entity and its environment;
    `address`: the keyed digest of the e-mail address; `looked_at`: when it began to look for an
    account."""

    tables: Tables
    place: str
    address: str
    owner: str
    looked_at: datetime

    async def take(self, until: datetime) -> None:
        """From now on nobody else makes one until then. Raises `Later` where another record's may
        have come to be there since this one looked. Safe to repeat."""
        row = await self._row()
        if row is not None and row.values["owner"] != self.owner:
            left: Any = row.values["until"] - self.looked_at  # type: ignore[operator]
            if left > timedelta():
                raise _later(left)
        mine = (row or Row(self.place, self.address)).having(owner=self.owner, until=until)
        try:
            await (self.tables.replace if row else self.tables.insert)(ACCOUNT_HOLDS, mine)
        except Conflict:
            raise _later(timedelta()) from None

    async def is_ours(self) -> bool:
        """Whether this record was the last to take it."""
        row = await self._row()
        return row is not None and row.values["owner"] == self.owner

    async def _row(self) -> Row | None:
        return await self.tables.get(ACCOUNT_HOLDS, self.place, self.address)


def hold_for(email: str, company: str, delivery: Delivery) -> AccountHold:
    """The hold of a record that looks for an account by e-mail address now, in a legal entity."""
    systems, message = delivery.systems, delivery.message
    return AccountHold(
        delivery.ledger.tables, f"{systems.settings.dynamics.system}|{company}",
        systems.digest_of(email), f"{systems.name}|{message.flow}|{message.key}",
        delivery.ledger.earliest.now(),
    )  # fmt: skip


def _later(left: timedelta) -> Later:
    reason = "another record of the same e-mail address may be making its account"
    return Later(reason, after=left + A_MOMENT, counts=False)
