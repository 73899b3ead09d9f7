"""Commerce's answers as `Later`, `Never`, `Paused` or `Unknown`: one table for every call.

Decided on the message template, in English, which REST answers in the scope `all`. What concerns
every record at once (credentials, maintenance, a firewall, another address) is `Later`, so that a
correction heals them all; what concerns one record or one right is `Never` with its remedy. Where
an order does not allow what was asked, it is read again first, for people act on it beside us. A
write that was answered 5xx may have been committed, so it is `Unknown`. Sources: Adobe's error
processor and OAuth code (2.4.4 to 2.4.8), a live 2.4.8, Adobe's service documentation (2026-08).
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx

from sync.commerce import remedies, rights
from sync.commerce.auth import ACL_REFUSED, NONCE_REFUSED, SIGNATURE_INVALID
from sync.commerce.bodies import Said, said_by
from sync.core.errors import Later, Never, NotProvided, Paused, SignInRefused, Unknown, Unsaved
from sync.core.http_reading import wait_in
from sync.pacing.pauses import ASKED_AGAIN

LONGEST_PAUSE: Final = timedelta(hours=1)
PAUSES: Final = {"paas": timedelta(seconds=30), "saas": timedelta(seconds=5)}
"""How long to keep quiet after a 429 without Retry-After; the service's own sample client waits 5
s."""

_MAINTENANCE: Final = re.compile(r"maintenance|service temporarily unavailable", re.IGNORECASE)
_PASSING: Final = re.compile(
    r"^Could not save an? (?:shipment|invoice|Creditmemo), see error log"
    r"|^The product was unable to be saved\. Please try again"
    r"|deadlock|lock wait timeout",
    re.IGNORECASE,
)
_MAY_BE_PAID: Final = re.compile(r"^Could not save an? (?:invoice|Creditmemo)", re.IGNORECASE)
"""Nothing was saved, after a gateway was asked to take or give back the money: whether it declined
or did it, nobody says (source: `InvoiceOrder`, `RefundInvoice`)."""
_MOVED: Final = re.compile(
    r"can ?not be created when an order has a status of"
    r"|The order does not allow an? \w+ to be created"
    r"|invalid quantity to (?:invoice|refund) item"
    r"|The most money available to refund is"
)
"""The order does not allow it: somebody may have held, shipped, invoiced or refunded it since."""
READ_AGAIN: Final = timedelta(seconds=15)
_OTHERS: Final = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)  # the shop's own code says no 403
_CREDENTIALS_400: Final = ("Signature method", "The token length is invalid")
_NO_SUCH_SCOPE: Final = "Specified request cannot be processed."
_MOST_ROWS: Final = re.compile(r"^Maximum items of type ")
_PAGE_SIZE: Final = re.compile(r"^Maximum SearchCriteria pageSize is (%max|\d+)")


class NotThere(Never):
    """404 for an entity: the shop has no such record (any more)."""


class NotAllowed(NotProvided):
    """The integration lacks a right; `resources`: those that Commerce names."""

    def __init__(self, reason: str, *, resources: str, said: str = "") -> None:
        super().__init__(reason, remedy=rights.remedy_for(resources), said=said)
        self.resources = rights.named_in(resources)


class NotAccepted(Never):
    """400: the caller may do this, but not with what was sent."""


class PageTooLarge(Never):
    """The shop limits page sizes to `most`."""

    def __init__(self, reason: str, *, most: int) -> None:
        super().__init__(
            reason, remedy=f"Set commerce.page_size in connections.toml to {most} or less."
        )
        self.most = most


class TooManyRows(NotAccepted):
    """The shop takes at most so many rows in one call (`most`; 0 where it does not say), or a proxy
    before it takes no body of this size; nothing was stored."""

    most = 0


@dataclass(frozen=True)
class RestCall:
    """What was asked, for decisions and for the text: `what` is verb and path, without query or
    body."""

    system: str
    what: str
    writes: bool
    edition: str
    now: datetime
    skew: timedelta | None = None
    """How far the server's clock is ahead of ours."""

    @property
    def server_time(self) -> datetime:
        """The server's clock, as far as it is known."""
        return self.now + (self.skew or timedelta(0))


def is_maintenance(response: httpx.Response) -> bool:
    """503 from the shop or its web server while it is being deployed: nothing was executed."""
    if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
        return False
    return bool(_MAINTENANCE.search(response.content[:5000].decode("utf-8", "replace")))


def error_from(response: httpx.Response, call: RestCall) -> Exception:
    """The error that an answer other than 2xx stands for."""
    status = response.status_code
    said = said_by(response)
    reason = f"Commerce answered {status} to {call.what}: {said.sentence.rstrip('.')}."
    wait = retry_after(response, call.server_time)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Paused(call.system, after=wait or PAUSES[call.edition])
    if is_maintenance(response):
        wait = wait or ASKED_AGAIN
        return Later(reason, after=wait, counts=False, is_outage=True, said=said.words)
    if status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT:
        kind = Unknown if call.writes else Later
        return kind(reason, after=wait, is_outage=True, said=said.words)
    return _refusal(response, reason, said, call)


def _refusal(response: httpx.Response, reason: str, said: Said, call: RestCall) -> Exception:
    status = response.status_code
    if status == HTTPStatus.UNAUTHORIZED or said.template.startswith(_CREDENTIALS_400):
        return _unauthorised(reason, said, call)
    if status == HTTPStatus.BAD_REQUEST:
        return _bad_request(reason, said)
    if status == HTTPStatus.NOT_FOUND and said.is_json:
        return _not_found(reason, said)
    remedy = _remedy(response, call)
    if status in _OTHERS or response.has_redirect_location:
        is_open = call.writes and status == HTTPStatus.FORBIDDEN  # firewalls look at answers too
        waiting = Unknown if is_open else Later
        return waiting(reason, is_outage=True, said=said.words, remedy=remedy)
    kind = TooManyRows if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else Never
    return kind(reason, remedy=remedy, code=said.report, said=said.words)


def lost(error: httpx.RequestError, call: RestCall) -> Exception:
    """No answer came. A request that never left is `Later`; a write that may have arrived is
    `Unknown`."""
    reason = f"no answer from Commerce to {call.what} ({type(error).__name__})"
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return Never(reason, remedy=remedies.NO_URL)
    never_left = isinstance(
        error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
    )
    kind = Unknown if call.writes and not never_left else Later
    return kind(reason, is_outage=True, remedy=remedies.UNREACHED if never_left else "")


def unreadable(problem: str, call: RestCall) -> Later:
    """2xx, but not with the document expected: a write has happened all the same."""
    reason = f"Commerce answered {call.what} with success, but {problem}"
    return Unknown(reason) if call.writes else Later(reason)


def retry_after(response: httpx.Response, now: datetime) -> timedelta | None:
    """`Retry-After` in seconds or as a date, between a second and an hour; None when absent or
    unreadable. `now` by the server's clock."""
    wait = wait_in(response.headers.get("Retry-After", ""), now, fractions=True)
    if wait is None:
        return None
    return min(max(wait, timedelta(seconds=1)), LONGEST_PAUSE)


def _unauthorised(reason: str, said: Said, call: RestCall) -> Exception:
    """A missing right is one flow's trouble; anything else is the connection's, healed by
    correcting a secret."""
    if said.template.startswith(ACL_REFUSED):
        return NotAllowed(reason, resources=said.resources, said=said.words)
    remedy = _credential_remedy(said, call)
    return SignInRefused(f"{reason} {remedy}", said=said.words, remedy=remedy)


def _credential_remedy(said: Said, call: RestCall) -> str:
    if call.edition == "saas":
        return "Check the OAuth credential's scope (commerce.accs) in the Adobe Developer Console."
    if said.template.startswith(SIGNATURE_INVALID):
        return (
            "Compare consumer_secret and token_secret with the integration. If they are right, the"
            " shop sees another URL than the one we signed: its proxy must pass Host unchanged and"
            " set X-Forwarded-Proto."
        )
    if said.template.startswith(NONCE_REFUSED):
        return remedies.clocks(call.skew)
    return (
        "The integration may have been deactivated, reauthorised or deleted: see System >"
        " Extensions > Integrations in the Commerce Admin and store its four credentials again."
    )


def _bad_request(reason: str, said: Said) -> Exception:
    too_large = _PAGE_SIZE.match(said.template)
    if too_large:
        most = said.parameters.get("max", too_large.group(1))
        if most.isdecimal() and int(most) > 0:
            return PageTooLarge(reason, most=int(most))
    limit = said.parameters.get("max", "") if _MOST_ROWS.match(said.template) else ""
    remedy = (
        remedies.NO_SUCH_SCOPE if said.template.startswith(_NO_SUCH_SCOPE) else remedies.REFUSED
    )
    if _MOVED.search(said.template):
        return Later(reason, after=READ_AGAIN, said=said.words, remedy=remedy)
    if _PASSING.search(said.template):
        waiting = Unsaved if _MAY_BE_PAID.search(said.template) else Later
        return waiting(reason, said=said.words)
    kind = TooManyRows if limit.isdecimal() and int(limit) > 0 else NotAccepted
    error = kind(reason, remedy=remedy, code=said.report, said=said.words)
    if isinstance(error, TooManyRows):
        error.most = int(limit)
    return error


def _not_found(reason: str, said: Said) -> Never:
    if said.template.startswith("Request does not match any route"):
        remedy = (
            "The shop has no such service: check commerce.url, commerce.edition and commerce.scope,"
            " and that the module that brings this service is enabled."
        )
        return NotProvided(reason, remedy=remedy, said=said.words)
    if re.search(r"doesn't exist|not exist|No such entity", said.template, re.IGNORECASE):
        remedy = "Check in the Commerce Admin whether the record was deleted."
        return NotThere(reason, remedy=remedy, said=said.words)
    return Never(reason, remedy=remedies.NOT_THE_SHOP, said=said.words)


def _remedy(response: httpx.Response, call: RestCall) -> str:
    status = response.status_code
    if response.has_redirect_location:
        return remedies.ELSEWHERE
    if status == HTTPStatus.FORBIDDEN:
        return remedies.NO_ACCESS[call.edition]
    if status == HTTPStatus.NOT_FOUND:
        return remedies.NOT_THE_SHOP
    if status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_URI_TOO_LONG):
        return "A proxy refuses the size: lower commerce.page_size, or raise the proxy's limits."
    return "Find out what stands between us and the shop and answers this; then replay the record."
