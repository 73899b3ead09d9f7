"""What the shop answers when it refuses: templates with their parameters, as recorded on 2.4.8."""

from collections.abc import Sequence
from typing import Any

Parameters = dict[str, Any] | list[Any]


class RestFault(Exception):
    """A refusal. `parameters` is a list for `%1` and an object for `%name`; `errors` collects
    several refusals."""

    def __init__(
        self,
        status: int,
        message: str,
        parameters: Parameters | None = None,
        errors: Sequence["RestFault"] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters
        self.errors = tuple(errors)

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        found: dict[str, Any] = {"message": self.message}
        if self.errors:
            found["errors"] = [error.body() for error in self.errors]
        if self.parameters is not None:
            found["parameters"] = self.parameters
        return found


class Unexpected(Exception):
    """An exception nobody caught (a bad column in SQL…): answered as a masked 500 with a report
    number."""


def no_such_entity() -> RestFault:
    """The document is not there, or not yet visible."""
    return RestFault(
        404, "The entity that was requested doesn't exist. Verify the entity and try again."
    )


def no_such(field: str, value: Any) -> RestFault:
    """A customer, group or the like is not there."""
    return RestFault(
        404,
        "No such entity with %fieldName = %fieldValue",
        {"fieldName": field, "fieldValue": value},
    )


def no_route() -> RestFault:
    """No such path, or not with this verb."""
    return RestFault(404, "Request does not match any route.")


def bad_request() -> RestFault:
    """An unknown store code, or an asynchronous read."""
    return RestFault(400, "Specified request cannot be processed.")


def required(field: str) -> RestFault:
    """An argument is missing."""
    return RestFault(400, '"%fieldName" is required. Enter and try again.', {"fieldName": field})


def unsupported(key: str) -> RestFault:
    """A property that the data object does not have; named in upper camel case whatever was
    sent."""
    name = "".join(part[:1].upper() + part[1:] for part in key.split("_"))
    return RestFault(
        400,
        '"%fieldName" is not supported. Correct the field name and try again.',
        {"fieldName": name},
    )


def wrong_type(value: str, expected: str, within: str = "") -> RestFault:
    """A value that cannot be cast."""
    text = (
        f'The "{value}" value\'s type is invalid. The "{expected}" type was expected. Verify and'
        " try again."
    )
    return RestFault(
        400, f'Error occurred during "{within}" processing. {text}' if within else text
    )


def not_authorised(resource: str) -> RestFault:
    """Nobody known is asking, or somebody without that right."""
    return RestFault(
        401, "The consumer isn't authorized to access %resources.", {"resources": resource}
    )
