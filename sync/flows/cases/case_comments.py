"""What the shop is told of a case: a comment of its RMA, or of its order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce import order_notes, returns
from sync.commerce.client import CommerceClient
from sync.commerce.models.rma import Rma
from sync.core.request import Request
from sync.engine.write import Amendment, Apply, Found, Target, Write
from sync.flows.keys import parts_of
from sync.mapping.cases import Matter


@dataclass(frozen=True)
class CaseComment(Write):
    """A comment. Every call adds one, so those that are there are looked at first: each text is
    told once."""

    kind: ClassVar[str] = "case_comment"
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    matter: Matter
    text: str
    is_visible: bool
    commerce: CommerceClient
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.matter.label

    @property
    @override
    def document(self) -> Any:
        return {"comment": self.text, "visible": self.is_visible}

    @override
    def requests(self) -> Sequence[Request]:
        return [self._note]

    @override
    async def find(self) -> Found | None:
        return Found(self.matter.key) if await self._is_there() else None

    @override
    async def create(self, not_after: datetime) -> Found:
        await self._sent(not_after)
        return Found(self.matter.key)

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        apply: Apply | None = None if await self._is_there() else self._sent
        return Amendment(self.document, apply)

    async def _sent(self, not_after: datetime) -> None:
        if self.matter.rma is None:
            await self.commerce.order_notes.write(self._note, not_after=not_after)
        else:
            await self.commerce.returns.send(self._note, not_after=not_after)

    async def _is_there(self) -> bool:
        if self.matter.rma is None:
            texts = await self.commerce.order_notes.comments(self.matter.order.entity_id or 0)
            return self.text in texts
        row = await self.commerce.returns.in_store(*parts_of(self.matter.rma.key))
        return row is not None and self.text in Rma.read(row).texts

    @property
    def _note(self) -> Request:
        rma = self.matter.rma
        if rma is None:
            order_id = self.matter.order.entity_id or 0
            return order_notes.comment(order_id, self.text, is_visible=self.is_visible)
        return returns.comment(
            rma.entity_id or 0, self.text, rma.status, is_visible=self.is_visible
        )
