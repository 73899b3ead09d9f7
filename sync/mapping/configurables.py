"""Product masters as configurable products: which variants they offer, told apart by which
attributes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.mapping.unshowable import Unshowable

VARIANTS: Final = "variants of it"
"""No store view's code has a space."""
CHILDREN, AXES = "children", "attributes"


@dataclass(frozen=True)
class Child:
    """A variant that the shop has. `sku` as `normal_sku`; `values`: the id of its option by
    attribute code, as the shop shows it; None where it shows none."""

    sku: str
    values: tuple[tuple[str, str | None], ...]

    @property
    def is_ready(self) -> bool:
        """Whether the shop would take it: it refuses one without a value."""
        return all(value for _, value in self.values)


def variants_to_show(sku: str, children: Sequence[Child]) -> dict[str, Any] | None:
    """The children that can be offered and the attributes that tell them apart; None for no child.
    Raises `Unshowable` for two of one combination: the shop would take them, and refuse to let one
    go later (measured)."""
    ready = sorted((one for one in children if one.is_ready), key=lambda one: one.sku)
    seen: dict[tuple[tuple[str, str | None], ...], str] = {}
    for one in ready:
        other = seen.setdefault(one.values, one.sku)
        if other != one.sku:
            shown = ", ".join(f"{code} {value}" for code, value in one.values)
            raise Unshowable(
                f"{sku}: its variants {other} and {one.sku} have the same options ({shown})",
                remedy="Map each variant to one SKU (map items), or give the variants another"
                " dimension in products.dimensions.",
            )
    if not ready:
        return None
    return {
        CHILDREN: [one.sku for one in ready],
        AXES: sorted(code for code, _ in ready[0].values),
    }
