"""What the sandbox shop sells: products of every type, at prices picked to be awkward."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sync.core.money import ZERO

ProductType = Literal["simple", "virtual", "downloadable", "configurable", "bundle", "grouped"]


TaxClass = Literal["standard", "reduced", "zero"]


@dataclass(frozen=True)
class Product:
    """Something in the catalogue. `parts`: SKU and pieces of what is inside; `fixed`: the bundle
    itself has the price; `in_parts`: its parts are shipped separately.

    `options`: what a customer chooses, with its surcharge; `option_skus`: what each of them adds to
    the SKU of an order's row (recorded: ENG-1-TXT-MAT). `levy`: fixed product tax of a piece.
    `is_drawn`: whether a basket that chance fills may hold it. `is_negotiated`: its price has four
    decimals, as those of negotiated items.
    """

    sku: str
    product_id: int
    price: Decimal
    type: ProductType = "simple"
    tax_class: TaxClass = "standard"
    parts: tuple[tuple[str, int], ...] = ()
    fixed: bool = False
    in_parts: bool = False
    levy: Decimal = ZERO
    weight: Decimal = Decimal("0.75")
    fractional: bool = False
    options: tuple[tuple[str, Decimal], ...] = ()
    option_skus: tuple[str, ...] = ()
    is_drawn: bool = True
    is_negotiated: bool = False

    @property
    def name(self) -> str:
        """What the shopper reads."""
        return self.sku.replace("-", " ").title()


_PRICES = (
    "9.99", "0.99", "16.67", "33.33", "24.95", "100", "6.36", "1249.50", "12.3456", "7.77", "0.01",
    "19.90",
)  # fmt: skip

PRODUCTS: tuple[Product, ...] = (
    *(Product(f"SIMPLE-{n:03}", n, Decimal(price)) for n, price in enumerate(_PRICES, 1)),
    Product("BOOK-7", 21, Decimal("11.49"), tax_class="reduced"),
    Product("STAMP 0/5", 22, Decimal(5), tax_class="zero"),
    Product("LAMP-W1", 23, Decimal("9.99"), levy=Decimal("2.50")),
    Product("BATTERY-W2", 24, Decimal("24.95"), levy=Decimal("1.67")),
    Product("CABLE-M", 25, Decimal("3.7725"), fractional=True, weight=Decimal("0.1")),
    Product("SUPPORT-1Y", 26, Decimal(29), "virtual", weight=ZERO),
    Product(
        "EBOOK-DL",
        27,
        Decimal("12.49"),
        "downloadable",
        weight=ZERO,
        options=(("2", Decimal("4.44")),),
    ),
    Product("MUG-OPT", 28, Decimal("10.01"), options=(("4", Decimal("4.08")), ("3", ZERO))),
    Product("TEE-BLACK-S", 31, Decimal(22)),
    Product("TEE-WHITE-M", 32, Decimal("17.37")),
    Product("TEE", 33, Decimal(22), "configurable", parts=(("TEE-BLACK-S", 1), ("TEE-WHITE-M", 1))),
    Product(
        "KIT-DYN",
        34,
        ZERO,
        "bundle",
        parts=(("SIMPLE-001", 1), ("SIMPLE-003", 2), ("BOOK-7", 1)),
    ),
    Product(
        "KIT-FIX",
        35,
        Decimal("51.51"),
        "bundle",
        parts=(("SIMPLE-002", 1), ("SIMPLE-004", 3)),
        fixed=True,
    ),
    Product("SET-GRP", 36, ZERO, "grouped", parts=(("SIMPLE-005", 1), ("SIMPLE-007", 2))),
)
