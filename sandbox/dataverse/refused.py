"""Refusals as the Web API words them."""

from typing import Any, Final

from sandbox.dataverse.tables import Table

Row = dict[str, Any]
NOT_FOUND: Final = "0x80040217"
EXISTS: Final = "0x80060892"
DENIED: Final = "0x80040220"
BAD: Final = "0x80060888"


class WebFault(Exception):
    """A refusal as the Web API words it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def absent(table: Table, row_id: str) -> WebFault:
    """A row that is not there."""
    return WebFault(404, NOT_FOUND, f"Entity '{table.logical}' With Id = {row_id} Does Not Exist")
