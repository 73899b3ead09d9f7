"""What must hold for `cancellations`: orders that flow, and a comment that names its pieces."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections.cancellations import Cancellations
from sync.config.file.breaches import Breach, is_flowing, sound, template_breaches
from sync.config.file.toml_lines import Path


def cancellation_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `cancellations` of the connection at `path`."""
    section = sound(Cancellations, written.get("cancellations", {}))
    if section is None:
        return
    here = (*path, "cancellations")
    if is_flowing(written, "cancellations") and not is_flowing(written, "orders"):
        what = 'the flow "cancellations" is on, and "orders" is not'
        remedy = 'Add "orders" to flows: only orders that we have posted are cancelled.'
        yield Breach(here, what, remedy)
    if is_flowing(written, "cancellations") and not is_flowing(written, "shipments"):
        what = 'the flow "cancellations" is on, and "shipments" is not'
        remedy = (
            'Add "shipments" to flows: what was shipped must show before the rest is cancelled.'
        )
        yield Breach(here, what, remedy)
    yield from template_breaches((*here, "comment"), section.comment, ("items",))
