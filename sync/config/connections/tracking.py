"""How a carrier tells of parcels, and what of it buyers read."""

from typing import Literal

from pydantic import Field

from sync.config.connections.section import SecretName, Section, Whole


class Tracking(Section):
    """A carrier's webhook, or that of a service that speaks for carriers: HMAC with SHA-256 over
    the body. Names in it are paths with dots, as in `data.tracker.status`."""

    keys: tuple[SecretName, ...] = Field(default=(), max_length=2)
    """Two may be valid while one is being rotated."""
    header: str = "x-signature"
    encoding: Literal["hex", "base64"] = "hex"
    timestamp_header: str = "x-timestamp"
    """The moment of sending, in seconds or ISO 8601; `<moment>.<body>` is signed then. Empty: the
    sender signs the body alone, and an old request may be sent again."""
    window_seconds: Whole = Field(default=300, ge=10, le=86_400)
    """How far that moment may be from ours."""
    events: str = ""
    """Where the list of events is; empty: the body is one event, or a list of them."""
    number: str = "tracking_number"
    status: str = "status"
    at: str = "occurred_at"
    texts: dict[str, str] = {}
    """The carrier's status -> what the buyer reads; others are not shown."""
    comment: str = Field(default="{text} ({number}, {at})", max_length=200)

    def text_of(self, status: str) -> str:
        """What the buyer reads of a status; empty where it is not shown."""
        by_name = {name.casefold(): text for name, text in self.texts.items()}
        return by_name.get(status.casefold(), "")
