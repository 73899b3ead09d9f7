"""What a `FunctionApp` has registered, as the local host needs it: four kinds of function, each
with its handler.

Only what this product registers is understood. Anything else (a blob trigger, a blocking `def`) is
refused at start: a function that silently never ran would be worse than no start.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from sync.hosts.azure import DEAD

Handler = Callable[..., Awaitable[Any]]

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class CannotHost(ValueError):
    """The app registers something that the local host does not run; the message says which function
    and why."""


@dataclass(frozen=True)
class HttpFunction:
    """Answers `methods` on `route` (without the prefix, parameters in braces). `argument` takes the
    request."""

    name: str
    argument: str
    handler: Handler
    route: str
    methods: tuple[str, ...]
    level: func.AuthLevel


@dataclass(frozen=True)
class QueueFunction:
    """Takes messages of `queue`, one at a call. Returning completes the message, raising gives it
    back."""

    name: str
    argument: str
    handler: Handler
    queue: str


@dataclass(frozen=True)
class DeadLetterFunction:
    """Takes what `queue` has given up, one message at a call. Returning forgets the message,
    raising keeps it."""

    name: str
    argument: str
    handler: Handler
    queue: str


@dataclass(frozen=True)
class TimerFunction:
    """Runs when `schedule` (NCRONTAB, UTC) says so."""

    name: str
    argument: str
    handler: Handler
    schedule: str


Registered = HttpFunction | QueueFunction | DeadLetterFunction | TimerFunction


def registered(app: func.FunctionApp) -> tuple[Registered, ...]:
    """The app's functions in the order of registration. Call once per app: the library allows no
    second reading.

    Raises `CannotHost`, and `ValueError` from the library where two functions share a name.
    """
    return tuple(_read(function) for function in app.get_functions())


def _read(function: Any) -> Registered:
    name, handler = function.get_function_name(), function.get_user_function()
    if not inspect.iscoroutinefunction(handler):
        what = "is not async; it would stop every other function while it runs"
        raise CannotHost(f"function {name} {what}")
    binding = function.get_trigger().get_dict_repr()
    known = (name, binding["name"], handler)
    match binding["type"]:
        case "httpTrigger":
            methods = tuple(method.value for method in binding.get("methods") or ()) or ALL_METHODS
            return HttpFunction(*known, binding["route"], methods, binding["authLevel"])
        case "serviceBusTrigger" if "queueName" in binding:
            queue = _literal(name, binding["queueName"])
            if queue.endswith(DEAD):
                return DeadLetterFunction(*known, queue.removesuffix(DEAD))
            return QueueFunction(*known, queue)
        case "timerTrigger":
            return TimerFunction(*known, _literal(name, binding["schedule"]))
        case kind:
            raise CannotHost(f"function {name} has a {kind}, which only the Functions host runs")


def _literal(name: str, value: str) -> str:
    if "%" in value:
        raise CannotHost(
            f"function {name} takes {value!r} from an app setting, which only the Functions host"
            " does"
        )
    return value
