"""Numbers of D365 documents that we choose. Pure."""

from typing import Final

from sync.core.errors import Never

LONGEST_NUMBER: Final = 20
"""SalesOrderNumber, ReturnOrderNumber and CustomerAccount hold 20 characters."""


def fitting_number(number: str, label: str, field: str, template: str) -> str:
    """The number, where F&O can hold it: numbers are never cut. `template`: the key that it was
    made by. Raises `Never`."""
    if len(number) > LONGEST_NUMBER:
        raise Never(
            f"{label}: {field} would be {number}, {len(number)} characters; F&O takes"
            f" {LONGEST_NUMBER}",
            remedy=f"Shorten {template} in connections.toml, then replay.",
        )
    return number
