"""The built-in example connection with a few settings changed, and previews over it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sync.config.connections import Connection
from sync.preview.example import example_connection
from sync.preview.input_files import Kind
from sync.preview.previewed import Preview
from sync.preview.previews import preview
from sync.preview.unasked import Lookups
from tests.mapping.fno import header_of
from tests.preview.lookups import EXAMPLE, systems_of

example = cache(example_connection)
"""Read once; nobody changes it."""


def connection(**sections: Mapping[str, Any]) -> Connection:
    """The example connection with fields of its sections replaced: `orders={"numbers":
    "theirs"}`."""
    written = example().model_dump()
    for name, fields in sections.items():
        written[name] = {**written[name], **fields}
    return Connection.model_validate(written)


def store(**fields: Any) -> dict[str, Any]:
    """The `stores` section with the default store's fields replaced."""
    return {
        "default": {
            **example().stores["default"].model_dump(exclude_none=True),
            **fields,
        }
    }


NET = connection()
GROSS = connection(stores=store(prices_include_tax=True))
MODES = {"net": NET, "gross": GROSS}


async def previewed(order: Any, settings: Connection = NET, lookups: Lookups = EXAMPLE) -> Preview:
    """What would be posted for an order."""
    return await preview(Kind.ORDER, order, systems_of(settings, lookups=lookups))


async def header(order: dict[str, Any], settings: Any = NET) -> Any:
    """The header of an order that would be delivered."""
    found = await previewed(order, settings)
    assert found.outcome == "deliver", found.reason
    return header_of(found.requests)


async def parked(order: dict[str, Any], settings: Any = NET) -> str:
    """The reason of an order that would be parked."""
    found = await previewed(order, settings)
    assert found.outcome == "park"
    assert found.remedy
    return found.reason
