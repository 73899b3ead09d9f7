"""What must hold for `cancellations`: orders that flow, and a comment that names its pieces."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sync.config.connections.cancellations import Cancellations
from sync.config.file.breaches import Breach, missing_flow, sound, template_breaches
from sync.config.file.toml_lines import Path

NEEDED: Final = {
    "orders": "only orders that we have posted are cancelled",
    "shipments": "what was shipped must show before the rest is cancelled",
}


def cancellation_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `cancellations` of the connection at `path`."""
    section = sound(Cancellations, written.get("cancellations", {}))
    if section is None:
        return
    here = (*path, "cancellations")
    for needed, why in NEEDED.items():
        yield from missing_flow(here, written, "cancellations", needed, why)
    yield from template_breaches((*here, "comment"), section.comment, ("items",))
