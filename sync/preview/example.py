"""What `preview` works with where there is no `connections.toml`: the built-in example connection.

Every SKU is its own item number, shoppers become new accounts, both numbers are ours. It says what
the product does with a document, not what your company mapped.
"""

import importlib.resources
import tomllib
from decimal import Decimal

from sync.config.connections import Connection, Connections
from sync.core.encoding import digest
from sync.core.ports import Clock
from sync.mapping_tables.tables import AccountMappings, ItemMappings
from sync.preview.unasked import EmptyTables, Lookups

NAME = "example"


def example_connection() -> Connection:
    """The built-in example connection."""
    text = (
        importlib.resources.files("sync.preview")
        .joinpath("example_connection.toml")
        .read_text(encoding="utf-8")
    )
    document = tomllib.loads(text, parse_float=Decimal)
    return Connections.model_validate(document).connections[NAME]


def example_lookups(clock: Clock) -> Lookups:
    """Every SKU is its item number; nobody has an account yet."""
    tables, example = EmptyTables(), example_connection()
    items = ItemMappings(tables, NAME, example.items, clock)
    return Lookups(items, AccountMappings(tables, NAME, clock, home=""), digest)
