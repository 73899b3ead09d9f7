"""Adobe I/O Events: asynchronous notifications, at least once, in no order, pushed as CloudEvents.

Adobe retries 429 and 5xx (but 505) for a day and drops an event on any other refusal, so whatever
may be our own passing trouble is answered 5xx, and only what nobody could ever accept is answered
4xx. An event is a notification: the record is read again. Source: Adobe I/O Events webhook guide
and Commerce eventing documentation, 2026-08.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from sync.commerce.event_keys import PublicKeys
from sync.commerce.signature import Refused, decoded_base64, header_of, rsa_signed
from sync.config.connections import EventKeys
from sync.core.encoding import NotJson, from_json
from sync.core.errors import Later

PREFIX: Final = "com.adobe.commerce."
MOST: Final = 1000
"""Events in one delivery; Adobe's batches hold 20."""

LARGEST_UNSIGNED: Final = 4096
"""Bytes of a delivery without a signature that are read: Adobe's `validationUrl` has none."""

_SIGNATURES: Final = (
    ("x-adobe-digital-signature-1", "x-adobe-public-key1-path"),
    ("x-adobe-digital-signature-2", "x-adobe-public-key2-path"),
)


class BadEvent(ValueError):
    """JSON, but not a CloudEvent of Commerce. `good` are the other events of the same batch, which
    are to be kept."""

    def __init__(self, reason: str, good: Sequence["Event"] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.good = tuple(good)


class WrongRecipient(Refused):
    """A well-formed event for another registration."""


@dataclass(frozen=True)
class Event:
    """One event. `id` is what tells repeats apart; `value` the raw model data, numbers often as
    text."""

    id: str
    type: str
    value: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    recipient: str = ""

    def ends_with(self, name: str) -> bool:
        """Whether this is the event `name`, as "observer.sales_order_save_commit_after".

        An app's id before it and the `magento.` that the cloud service leaves out of plugin names
        make no difference.
        """
        own = self.type.replace("plugin.magento.", "plugin.")
        wanted = name.replace("plugin.magento.", "plugin.")
        return self.type.startswith(PREFIX) and own.endswith(f".{wanted}")


def parse_events(body: bytes) -> list[Event]:
    """The events of one delivery, a single CloudEvent or a batch array. Raises `NotJson` and
    `BadEvent`."""
    document = from_json(body)
    entries = document if isinstance(document, list) else [document]
    if not entries:
        raise BadEvent("a delivery without an event")
    if len(entries) > MOST:
        raise BadEvent(f"{len(entries)} events in one delivery; at most {MOST} are taken")
    events, faults = list[Event](), list[str]()
    for place, entry in enumerate(entries, start=1):
        try:
            events.append(_event(entry))
        except BadEvent as fault:
            faults.append(f"event {place}: {fault.reason}")
    if faults:
        raise BadEvent("; ".join(faults[:5]), events)
    return events


async def verify_events(
    body: bytes,
    headers: Mapping[str, str],
    events: Sequence[Event],
    keys: EventKeys,
    public_keys: PublicKeys,
) -> None:
    """Return when every event is ours and one of the two signatures fits the received bytes.

    Raises `WrongRecipient`, `Refused`, and `Later` when Adobe's public keys cannot be fetched
    (answer 5xx).
    """
    if any(event.recipient != keys.client_id for event in events):
        raise WrongRecipient("the recipient's client id is not that of this connection")
    refusal: Exception
    signatures, refusal = _signatures(headers)
    for path in sorted(signatures, key=lambda path: not public_keys.knows(path)):
        try:
            key = await public_keys.get(path)
        except (Refused, Later) as error:
            refusal = refusal if isinstance(refusal, Later) else error
            continue
        if any(rsa_signed(signature, body, key) for signature in signatures[path]):
            for other in signatures:
                public_keys.vouch(other)
            return
    raise refusal


def refused_unread(headers: Mapping[str, str]) -> Refused | None:
    """Why a delivery need not be read: it brings no signature, and more than a `validationUrl` or
    nobody says how much. Header names are in lower case."""
    if any(headers.get(name) for name, _ in _SIGNATURES):
        return None
    announced = headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 10 and int(announced) <= LARGEST_UNSIGNED:
        return None
    return Refused(f"header {_SIGNATURES[0][0]} is missing")


def challenge_answer(query: Mapping[str, str]) -> str | None:
    """What to answer, as text/plain with 200, to `GET ?challenge=…`; None when there is no
    challenge in it."""
    return query.get("challenge") or None


def asks_for_validation(body: bytes) -> bool:
    """Whether this is the `{"validationUrl": …}` that Adobe posts when the challenge was not
    answered.

    Anybody could post one, and addresses of Adobe's hosts redirect elsewhere, too: it is neither
    fetched nor shown. The owner of the registration saves it again, and the challenge is answered.
    """
    try:
        document = from_json(body)
    except NotJson:
        return False
    return isinstance(document, dict) and "validationUrl" in document


def status_for(error: Exception) -> HTTPStatus:
    """The answer by which Adobe drops what nobody could accept and sends again what we may yet
    take."""
    if isinstance(error, WrongRecipient):
        return HTTPStatus.FORBIDDEN
    if isinstance(error, Refused):
        return HTTPStatus.UNAUTHORIZED
    if isinstance(error, NotJson | BadEvent):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.SERVICE_UNAVAILABLE


def _signatures(headers: Mapping[str, str]) -> tuple[dict[str, list[bytes]], Refused]:
    """The signatures that a delivery brings, by the path of their key; and why it is refused when
    none fits."""
    found: dict[str, list[bytes]] = {}
    refusal = Refused("neither signature fits")
    for signature_header, path_header in _SIGNATURES:
        try:
            signature = decoded_base64(
                header_of(headers, signature_header), f"header {signature_header}"
            )
            found.setdefault(header_of(headers, path_header), []).append(signature)
        except Refused as error:
            refusal = error
    return found, refusal


def _event(entry: Any) -> Event:
    if not isinstance(entry, dict):
        raise BadEvent("not an object")
    kind, body = entry.get("type"), entry.get("data")
    identity = entry.get("eventid") or entry.get("event_id") or entry.get("id")
    if not isinstance(kind, str) or not isinstance(identity, str) or not kind or not identity:
        raise BadEvent("no type, or none of eventid, event_id and id")
    if not isinstance(body, dict) or not isinstance(body.get("value"), dict):
        raise BadEvent("no object in data.value")
    metadata = body.get("_metadata")
    recipient = entry.get("recipientclientid") or entry.get("recipient_client_id")
    return Event(
        identity, kind, body["value"], metadata if isinstance(metadata, dict) else {},
        recipient if isinstance(recipient, str) else "",
    )  # fmt: skip
