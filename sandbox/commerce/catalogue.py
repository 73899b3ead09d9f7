"""Where the sandbox shop sells, and to whom: stores, places with their tax, shoppers.

Names and addresses are invented; e-mail domains are reserved for examples.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from sandbox.commerce.assortment import PRODUCTS, Product, TaxClass
from sandbox.commerce.conditions import as_text
from sync.core.money import ZERO


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


@dataclass(frozen=True)
class Catalogue:
    """Everything above; a test may bring its own."""

    products: tuple[Product, ...] = PRODUCTS
    stores: tuple[Store, ...] = STORES
    places: dict[str, Place] = field(default_factory=lambda: dict(PLACES))
    shoppers: tuple[Shopper, ...] = SHOPPERS
    base_currency: str = "USD"

    @cached_property
    def by_sku(self) -> Mapping[str, Product]:
        """Products by SKU, as the database compares text."""
        return {as_text(product.sku): product for product in reversed(self.products)}

    @cached_property
    def by_id(self) -> Mapping[int, Product]:
        """Products by id."""
        return {product.product_id: product for product in reversed(self.products)}

    def product(self, sku: str) -> Product:
        """The product of a SKU. Raises `KeyError`."""
        return self.by_sku[as_text(sku)]

    def shopper(self, email: str) -> Shopper:
        """The shopper with an e-mail address. Raises `KeyError`."""
        return {shopper.email: shopper for shopper in self.shoppers}[email]

    def store(self, code: str) -> Store:
        """The store view of a code. Raises `KeyError`."""
        return {store.code: store for store in self.stores}[code]
