"""Refusals in the words and shapes of F&O: the status, and where the useful text stands.

A rule of the application (X++) answers 400 alone and 500 as a part of a batch; what the OData layer
refuses answers the same in both. Shapes were recorded on live environments in July 2026.
"""

from collections.abc import Sequence
from typing import Any

WRITE = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"
STACK = "   at Microsoft.Dynamics.Platform.Integration.Services.OData.Update.UpdateProcessor"


class ODataFault(Exception):
    """A request that is answered with an error. `status` alone, `status_in_batch` as a part of a
    batch."""

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        kind: str = "Microsoft.OData.ODataException",
        in_batch: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.status_in_batch = in_batch or status
        self.message = message
        self.kind = kind

    def body(self) -> dict[str, Any] | None:
        """The JSON to answer with; None for an empty answer."""
        if not self.message:
            return None
        inner = {"message": self.message, "type": self.kind, "stacktrace": STACK}
        return {"error": {"code": "", "message": "An error has occurred.", "innererror": inner}}


class NoRoute(ODataFault):
    """The address names nothing that exists (404, in the Web API's shape rather than OData's)."""

    def body(self) -> dict[str, Any]:
        """The JSON of the routing layer."""
        text = f"No HTTP resource was found that matches the request URI '{self.message}'."
        return {"Message": f"{text} No route data was found for this request."}


class Refused(Exception):
    """A rule said no. `entries` are its own Infolog sentences; `field` is the property at fault,
    where one is."""

    def __init__(self, *entries: str, field: str = "") -> None:
        super().__init__("; ".join(entries))
        self.entries: Sequence[str] = entries
        self.field = field

    def on_writing(self, entity: str) -> ODataFault:
        """The fault a client sees: the Infolog with its usual noise."""
        noise = (
            f"validateField failed on field '{entity}.{self.field}'"
            if self.field
            else f"validateWrite failed on data source '{entity}'"
        )
        log = "; ".join([*(f"Warning: {entry}" for entry in self.entries), f"Warning: {noise}."])
        return ODataFault(
            400,
            f"Write failed for table row of type '{entity}'. Infolog: {log}",
            kind=WRITE,
            in_batch=500,
        )


def not_found(value: object, label: str, related: str, *, field: str) -> Refused:
    """A foreign key without its row."""
    return Refused(
        f"The value '{value}' in field '{label}' is not found in the related table '{related}'.",
        field=field,
    )


def must_be_filled(label: str, *, field: str) -> Refused:
    """A mandatory field without a value."""
    return Refused(f"Field '{label}' must be filled in.", field=field)


def bad_request(message: str) -> ODataFault:
    """What the OData layer refuses before any rule is asked."""
    return ODataFault(400, message)


def missing_for_update() -> ODataFault:
    """PATCH or DELETE of a row that is not there, or not in the company asked: 400, not 404."""
    return ODataFault(
        400, "No resources were found when selecting for update.", kind=WRITE, in_batch=500
    )


def deadlock() -> ODataFault:
    """Somebody else holds what a transaction needs: it is rolled back, and OData answers as it does
    to any crash. The words are X++'s own."""
    return ODataFault(
        500,
        "A deadlock occurred, where one or more users have simultaneously locked the whole table or"
        " part of it.",
    )
