"""Figures in columns of the account in Dataverse, where the customer has installed them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.config.connections.tasks import FigureName
from sync.core.request import Request
from sync.dataverse.client import DataverseClient
from sync.dataverse.customers import columns_set
from sync.engine.systems import Systems
from sync.engine.write import Amendment, Found, Target, Write
from sync.flows.targets import dataverse_of
from sync.flows.tasks.wanted import Looked

FIGURES: Final[Mapping[FigureName, Callable[[Looked], Any]]] = {
    "score": lambda looked: sum(looked.score.values()),
    "orders": lambda looked: looked.look.pattern.frequency,
    "amount": lambda looked: looked.look.pattern.monetary.get(looked.look.pattern.currency),
    "basket": lambda looked: looked.look.pattern.basket.get(looked.look.pattern.currency),
    "trend": lambda looked: looked.look.pattern.trend,
    "last_order": lambda looked: _day(looked.look.pattern.last and looked.look.pattern.last.at),
    "next_order": lambda looked: _day(
        looked.look.pattern.expected and looked.look.pattern.expected.day
    ),
    "carts": lambda looked: looked.look.pattern.carts,
}


def _day(at: Any) -> str | None:
    return f"{at:%Y-%m-%d}" if at is not None else None


@dataclass(frozen=True)
class AccountColumns(Write):
    """Some columns of an account, which nobody else writes. Writing them again changes nothing, so
    nothing is looked for."""

    kind: ClassVar[str] = "account_columns"
    refuses_second: ClassVar[bool] = True  # type: ignore[misc]
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    row_id: str
    values: Mapping[str, Any]
    dataverse: DataverseClient
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.row_id

    @property
    @override
    def document(self) -> Any:
        return {"account": self.row_id, "columns": dict(self.values)}

    @override
    def requests(self) -> Sequence[Request]:
        return [columns_set(self.row_id, self.values)]

    @override
    async def find(self) -> Found | None:
        return None

    @override
    async def create(self, not_after: datetime) -> Found:
        await self._send(not_after)
        return Found(self.row_id)

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        return Amendment(self.document, None if sent == self.document else self._send)

    async def _send(self, not_after: datetime) -> None:
        await self.dataverse.customers.set_columns(self.row_id, self.values, not_after=not_after)


async def columns_of(looked: Looked, systems: Systems) -> tuple[AccountColumns, ...]:
    """What its account is to show; nothing where no column is named, or Dataverse has not exactly
    one account of its number."""
    columns, column = systems.settings.tasks.columns, systems.settings.cases.account_column
    dataverse, section = systems.dataverse, systems.settings.dataverse
    if not columns or dataverse is None or section is None or not (looked.number and column):
        return ()
    found = await dataverse.customers.accounts(column, looked.number)
    if len(found) != 1:
        return ()
    values = {name: FIGURES[figure](looked) for figure, name in columns.items()}
    return (AccountColumns(found[0].row_id, values, dataverse, dataverse_of(section)),)
