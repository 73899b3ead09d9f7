"""What changes hands with a merchant's administrators: addresses, the integration's credentials,
the public half of the webhook key, the token of F&O's service account, item numbers. All of it is
worthless anywhere but in the sandbox.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.assortment import Product
from sandbox.commerce.catalogue import Catalogue
from sync.config.connections import NumberMode

COMPANY: Final = "usmf"
TOKEN: Final = "sandbox"  # noqa: S105 - opens nothing but the double
UNIT: Final = "ea"
SERVICE_ACCOUNT: Final = "0f8fad5b-d9cb-469f-a165-70867728950e"
"""The account in Dataverse of all who buy."""
NOVELTY: Final = Product("LAMP-2026", 99, Decimal("39.90"))
"""Released in F&O already; the shop sells it as soon as it is told to (`POST
/sandbox/products`)."""


SHELF: Final = tuple(
    Product(f"SHELF-{number:03}", 200 + number, Decimal(5), is_drawn=False)
    for number in range(1, 301)
)
"""Sold by both shops of the sandbox, and in no basket that chance fills."""


COLORS, SIZES = ("Red", "Blue"), ("S", "M", "L", "XL", "XXL")
"""What variants are told apart by."""
KNOWN: Final[Mapping[str, tuple[str, ...]]] = {"color": COLORS[:1], "size": SIZES[:2]}
"""The select attributes of the shop, and the options that it has at first."""


def item_numbers() -> dict[str, str]:
    """The item number in F&O of every SKU, the novelty included: what a merchant's mapping table
    would say."""
    return {
        product.sku: f"D{product.product_id:04}"
        for product in (*Catalogue().products, NOVELTY, *SHELF)
    }


@dataclass(frozen=True)
class Ready:
    """Where both systems are and what opens them."""

    commerce: str
    dynamics: str
    company: str
    numbers: NumberMode
    credentials: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"event": "ready", **asdict(self), "numbers": str(self.numbers)}

    @classmethod
    def read(cls, reported: Mapping[str, Any]) -> "Ready":
        """From what was printed."""
        fields = {
            name: reported[name] for name in ("commerce", "dynamics", "company", "credentials")
        }
        return cls(**fields, numbers=NumberMode(reported["numbers"]))
