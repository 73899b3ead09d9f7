"""A stopped return order of F&O that a case lets go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.request import Request
from sync.dynamics.return_orders import ReturnOrders, released
from sync.engine.write import Found, Target, Write


@dataclass(frozen=True)
class ReturnRelease(Write):
    """Let go once: who stops it again afterwards in F&O is not contradicted."""

    kind: ClassVar[str] = "return_release"
    action: ClassVar[str] = "released"
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    company: str
    number: str
    orders: ReturnOrders
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.number

    @property
    @override
    def document(self) -> Any:
        return {"company": self.company, "return order": self.number}

    @override
    def requests(self) -> Sequence[Request]:
        return [released(self.company, self.number)]

    @override
    async def find(self) -> Found | None:
        is_stopped = await self.orders.is_stopped(self.company, self.number)
        return None if is_stopped else Found(self.number)

    @override
    async def create(self, not_after: datetime) -> Found:
        await self.orders.let_go(self.company, self.number, not_after=not_after)
        return Found(self.number)
