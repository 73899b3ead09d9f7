"""What Table Storage refuses or cannot do, in the engine's words: `Conflict`, `Later`, `Never` with
a remedy.

The service's own texts are not handed on: they quote keys and addresses. Its error code and its
request id, by which Microsoft's support finds the call, are. Codes: Microsoft,
table-service-error-codes.md.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from azure.core.exceptions import AzureError, HttpResponseError

from sync.adapters.azure_answers import BUSY, CHECK_IDENTITY, REFUSED_WAIT, header, wished
from sync.core.errors import Later, Never
from sync.core.ports import Conflict

ROLE: Final = "Storage Table Data Contributor (0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3)"
DELETED_WAIT: Final = timedelta(minutes=1)
"""A deleted table's name is free again after some 40 seconds."""

MISSING_TABLE: Final = "TableNotFound"
MISSING_ROW: Final = "ResourceNotFound"
_CONFLICTS: Final = frozenset(
    {
        "EntityAlreadyExists",
        "UpdateConditionNotSatisfied",
        "ConditionNotMet",
        MISSING_ROW,
        "EntityNotFound",
    }
)
_CODE: Final = re.compile(r'"code"\s*:\s*"(\w{1,80})"|<(?:\w+:)?[Cc]ode>(\w{1,80})<')

GIVE_ROLE: Final = (
    f"Give the app's identity the role {ROLE} on the storage account (it takes minutes to be"
    " effective) and let the account's network rules admit the app; with a connection string,"
    " correct its key."
)


@contextmanager
def translated_errors(table: str) -> Iterator[None]:
    """Raise what an error of the SDK inside the block means for `table`."""
    try:
        yield
    except HttpResponseError as error:
        raise _answered(table, error) from None
    except AzureError as error:
        raise Later(
            f"table {table}: Table Storage cannot be reached or does not answer"
            f" ({type(error).__name__})",
            counts=False,
        ) from None


def code_of(error: HttpResponseError) -> str:
    """The service's code: as the SDK read it, else from the header, else from the body that the
    text quotes."""
    known = getattr(error, "error_code", None)
    if known:
        return str(getattr(known, "value", known))
    found = _CODE.search(str(error))
    return header(error, "x-ms-error-code") or (found[1] or found[2] if found else "")


def _answered(table: str, error: HttpResponseError) -> Exception:
    code, status = code_of(error), error.status_code
    if code in _CONFLICTS:
        what = "the row exists already, has gone, or has changed since it was read"
        return Conflict(f"table {table}: {what} ({code})")
    if code in ("TableBeingDeleted", MISSING_TABLE):
        what = f"table {table} is being deleted or made ({code})"
        return Later(what, after=DELETED_WAIT, counts=False)
    named = f"{code or 'no code'}, HTTP {status}"
    if status is None or status == 401:
        told = named if status else type(error).__name__
        what = f"no token that Table Storage accepts ({told}): {CHECK_IDENTITY}"
        return Later(f"table {table}: {what}", after=REFUSED_WAIT, counts=False)
    if status in BUSY:
        what = f"table {table}: Table Storage is busy or in trouble ({named})"
        return Later(what, after=wished(error), counts=False)
    return _refused(table, error, named)


def _refused(table: str, error: HttpResponseError, named: str) -> Never:
    request = header(error, "x-ms-request-id")
    if error.status_code == 403:
        what = f"Table Storage refuses access to table {table} ({named})"
        return Never(what, remedy=GIVE_ROLE, code=request)
    what = f"Table Storage refuses a request to table {table} ({named})"
    remedy = "This is a fault of the product: report it with this code."
    return Never(what, remedy=remedy, code=request)
