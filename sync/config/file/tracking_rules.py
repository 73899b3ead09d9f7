"""What must hold for `tracking`: shipments that flow, a key to verify by, and statuses to show."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections.tracking import Tracking
from sync.config.file.breaches import Breach, is_flowing, sound, template_breaches
from sync.config.file.secret_rules import leaked, looks_like_a_secret
from sync.config.file.toml_lines import Path


def tracking_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `tracking` of the connection at `path`."""
    tracking = sound(Tracking, written.get("tracking", {}))
    if tracking is None:
        return
    here = (*path, "tracking")
    if is_flowing(written, "tracking"):
        yield from _flowing(here, written, tracking)
    pasted = [str(one) for one, name in enumerate(tracking.keys) if looks_like_a_secret(name)]
    yield from (leaked((*here, "keys", place)) for place in pasted)
    yield from template_breaches((*here, "comment"), tracking.comment, ("text", "number", "at"))


def _flowing(path: Path, written: Mapping[str, Any], tracking: Tracking) -> Iterator[Breach]:
    if not is_flowing(written, "shipments"):
        what = 'the flow "tracking" is on, and "shipments" is not'
        remedy = 'Add "shipments" to flows: parcels are known by the slips that were shipped.'
        yield Breach(path, what, remedy)
    if not tracking.keys:
        what = 'the flow "tracking" is on, and no key verifies what comes'
        yield Breach((*path, "keys"), what, 'Write keys = ["..."], the name of the shared secret.')
    if not tracking.texts:
        remedy = (
            'Write texts = { delivered = "Delivered" }: only statuses that are named are shown.'
        )
        yield Breach((*path, "texts"), 'the flow "tracking" is on, and shows no status', remedy)
