"""Where the publication of options writes: select attributes of the shop. Options are added, never
deleted or renamed: products of others may have them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.commerce.errors import NotAccepted
from sync.commerce.product_data import ATTRIBUTES
from sync.core.errors import Never
from sync.core.request import Request
from sync.engine.mirror import Shown
from sync.engine.published_rows import RowTarget
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.flows.catalogue.option_rows import ShownOptions, content_of
from sync.flows.targets import commerce_of

REMEDY: Final = (
    "Add it in Commerce (Stores > Attributes > Product), or correct the value in F&O; then replay"
    " the attribute."
)


@dataclass(frozen=True)
class AttributeOptions(RowTarget):
    """Options in Commerce, an attribute at a time: the claim of its chunk keeps others away, and
    two that add one label at a time would make two options."""

    most: int = 1
    is_whole: ClassVar[bool] = False

    @override
    def timing(self, systems: Systems) -> Target:
        return commerce_of(systems)

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        return [
            Request("POST", f"/V1/{ATTRIBUTES}/{row.key}/options", {"option": {"label": label}})
            for row in rows
            for label in _labels(row)
        ]

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        refused: dict[str, Never] = {}
        for row in rows:
            if error := await self._add(row, systems, not_after):
                refused[row.key] = error
        return refused

    async def _add(self, row: Shown, systems: Systems, not_after: datetime) -> Never | None:
        """All that can be added; why one cannot."""
        shop, refused = systems.commerce.product_data, list[Never]()
        for label in await self._missing(row, systems):
            try:
                await shop.add_option(row.key, label, not_after=not_after)
            except NotAccepted as error:
                refused.append(error)
        missing = await self._missing(row, systems)
        if not missing:
            return None
        said = refused[0].reason if refused else "the shop took it and does not have it"
        return Never(f'{row.key}: no option "{missing[0]}": {said}', remedy=REMEDY)

    async def _missing(self, row: Shown, systems: Systems) -> list[str]:
        known = (await systems.commerce.product_data.attributes([row.key])).get(row.key)
        return [one for one in _labels(row) if known is None or known.option(one) is None]

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        codes = list(systems.settings.products.attribute_codes if keys is None else keys)
        found = await systems.commerce.product_data.attributes(codes)
        return {code: content_of([*one.options]) for code, one in found.items()}


def _labels(row: Shown) -> tuple[str, ...]:
    return row.labels if isinstance(row, ShownOptions) else ()
