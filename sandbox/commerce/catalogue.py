"""What the sandbox shop sells, to whom, and where: products of every type, stores, places with
their tax, shoppers.

Names and addresses are invented; e-mail domains are reserved for examples. Prices are picked to be
awkward.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from sync.core.money import ZERO

ProductType = Literal["simple", "virtual", "downloadable", "configurable", "bundle", "grouped"]
TaxClass = Literal["standard", "reduced", "zero"]


@dataclass(frozen=True)
class Rate:
    """One tax rate of a place: the code that REST shows and its per cent."""

    code: str
    percent: Decimal


@dataclass(frozen=True)
class Place:
    """Where goods go to. `rates`: per tax class; several rates of one class are levied side by
    side."""

    country: str
    city: str
    postcode: str
    street: tuple[str, ...]
    region: str | None = None
    region_code: str | None = None
    region_id: int | None = None
    rates: dict[TaxClass, tuple[Rate, ...]] = field(default_factory=dict)

    def percent(self, tax_class: TaxClass) -> Decimal:
        """The sum of the rates of a class."""
        return sum((rate.percent for rate in self.rates.get(tax_class, ())), ZERO)


@dataclass(frozen=True)
class Product:
    """Something in the catalogue. `parts`: SKU and pieces of what is inside; `fixed`: the bundle
    itself has the price.

    `options`: what a customer chooses, with its surcharge; `option_skus`: what each of them adds to
    the SKU of an order's row (recorded: ENG-1-TXT-MAT). `levy`: fixed product tax of a piece.
    """

    sku: str
    product_id: int
    price: Decimal
    type: ProductType = "simple"
    tax_class: TaxClass = "standard"
    parts: tuple[tuple[str, int], ...] = ()
    fixed: bool = False
    levy: Decimal = ZERO
    weight: Decimal = Decimal("0.75")
    fractional: bool = False
    options: tuple[tuple[str, Decimal], ...] = ()
    option_skus: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the shopper reads."""
        return self.sku.replace("-", " ").title()


@dataclass(frozen=True)
class Store:
    """A store view. `prefix` begins its order numbers; customers belong to its `website`."""

    id: int
    code: str
    name: str
    currency: str
    rate: Decimal
    prefix: str
    places: tuple[str, ...]
    gross: bool
    website: int = 1


@dataclass(frozen=True)
class Shopper:
    """Somebody who buys. `id` is None for guests. One who has a `company` administers it, or is a
    user of `company_id`."""

    email: str
    firstname: str
    lastname: str
    place: str
    id: int | None = None
    group: int = 1
    company: str | None = None
    vat_id: str | None = None
    company_id: int | None = None

    @property
    def buys_for(self) -> int | None:
        """The B2B company of a shopper: the one named, or the one they administer, which has their
        own id."""
        return self.company_id or (self.id if self.company else None)


def _rates(
    code: str, standard: str, reduced: str | None = None
) -> dict[TaxClass, tuple[Rate, ...]]:
    found: dict[TaxClass, tuple[Rate, ...]] = {
        "standard": (Rate(f"{code}-{standard}", Decimal(standard)),)
    }
    if reduced:
        found["reduced"] = (Rate(f"{code}-{reduced}", Decimal(reduced)),)
    return found


NEW_YORK: dict[TaxClass, tuple[Rate, ...]] = {
    "standard": (
        Rate("US-NY-STATE", Decimal(4)),
        Rate("US-NY-CITY", Decimal("4.5")),
        Rate("US-NY-MCTD", Decimal("0.375")),
    )
}

PLACES: dict[str, Place] = {
    "la": Place(
        "US",
        "Los Angeles",
        "90001",
        ("5 Elm St", "Floor 3"),
        "California",
        "CA",
        12,
        _rates("US-CA-*", "8.25", "4"),
    ),
    "ny": Place("US", "New York", "10001", ("350 W 31st St",), "New York", "NY", 43, NEW_YORK),
    "or": Place("US", "Portland", "97201", ("12 Pine Rd",), "Oregon", "OR", 49),
    "berlin": Place(
        "DE", "Berlin", "10115", ("Musterweg 1",), "Berlin", "BER", 82, _rates("DE", "19", "7")
    ),
    "wien": Place(
        "AT", "Wien", "1010", ("Graben 21", "Stiege 2"), "Wien", "WI", 95, _rates("AT", "20", "10")
    ),
    "lyon": Place(
        "FR", "Lyon", "69002", ("8 rue Éxemple",), "Rhône", "69", 251, _rates("FR", "20", "5.5")
    ),
    "leeds": Place(
        "GB", "Leeds", "LS1 4AP", ("4 Park Row",), "West Yorkshire", None, None, _rates("GB", "20")
    ),
    "oslo": Place("NO", "Oslo", "0150", ("Karl Johans gate 1",)),
}

STORES: tuple[Store, ...] = (
    Store(
        1,
        "default",
        "Default Store View",
        "USD",
        Decimal(1),
        "",
        ("la", "ny", "or", "leeds"),
        gross=False,
    ),
    Store(
        2,
        "de",
        "German view",
        "EUR",
        Decimal("0.9137"),
        "2",
        ("berlin", "wien", "lyon", "oslo"),
        gross=True,
    ),
)

SHOPPERS: tuple[Shopper, ...] = (
    Shopper("ann.lee@example.com", "Ann", "Lee", "la", 1),
    Shopper("bo.smith@example.com", "Bo", "Smith", "ny", 2, company="Contoso Ltd"),
    Shopper("carla@example.org", "Carla", "O'Neil", "or", 3, group=2),
    Shopper(
        "juergen.gross@example.com",
        "Jürgen",
        "Groß",
        "berlin",
        4,
        company="Groß & Söhne GmbH",
        vat_id="DE123456789",
    ),
    Shopper("elise@example.org", "Élise", "Dupont", "lyon", 5),
    Shopper("franz@example.net", "Franz", "Huber", "wien", 6, group=3),
    Shopper("gus.guest@example.com", "Gus", "Guest", "la"),
    Shopper("nora.beispiel@example.com", "Nora", "Beispiel", "berlin"),
    Shopper("olav@example.net", "Olav", "Berg", "oslo"),
    Shopper("priya@example.org", "Priya", "Nair", "leeds"),
)

GROUPS: tuple[dict[str, object], ...] = (
    {"id": 0, "code": "NOT LOGGED IN", "tax_class_id": 3, "tax_class_name": "Retail Customer"},
    {"id": 1, "code": "General", "tax_class_id": 3, "tax_class_name": "Retail Customer"},
    {"id": 2, "code": "Wholesale", "tax_class_id": 3, "tax_class_name": "Retail Customer"},
    {"id": 3, "code": "Retailer", "tax_class_id": 3, "tax_class_name": "Retail Customer"},
)


def _products() -> tuple[Product, ...]:
    prices = (
        "9.99",
        "0.99",
        "16.67",
        "33.33",
        "24.95",
        "100",
        "6.36",
        "1249.50",
        "12.3456",
        "7.77",
        "0.01",
        "19.90",
    )
    simple = tuple(
        Product(f"SIMPLE-{n:03}", n, Decimal(price)) for n, price in enumerate(prices, 1)
    )
    return (
        *simple,
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
        Product(
            "TEE", 33, Decimal(22), "configurable", parts=(("TEE-BLACK-S", 1), ("TEE-WHITE-M", 1))
        ),
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


@dataclass(frozen=True)
class Catalogue:
    """Everything above; a test may bring its own."""

    products: tuple[Product, ...] = field(default_factory=_products)
    stores: tuple[Store, ...] = STORES
    places: dict[str, Place] = field(default_factory=lambda: dict(PLACES))
    shoppers: tuple[Shopper, ...] = SHOPPERS
    base_currency: str = "USD"

    def product(self, sku: str) -> Product:
        """The product of a SKU. Raises `KeyError`."""
        return {product.sku: product for product in self.products}[sku]

    def shopper(self, email: str) -> Shopper:
        """The shopper with an e-mail address. Raises `KeyError`."""
        return {shopper.email: shopper for shopper in self.shoppers}[email]

    def store(self, code: str) -> Store:
        """The store view of a code. Raises `KeyError`."""
        return {store.code: store for store in self.stores}[code]
