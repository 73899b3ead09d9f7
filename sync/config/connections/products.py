"""Which products of F&O are shown in Commerce, and which of their fields F&O owns."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from sync.config.connections.section import Amount, DriftPolicy, Section, Whole, YesNo

ProductField = Literal["name", "description", "weight", "tax_class", "status", "quantities"]
Dimension = Literal["color", "size", "style", "configuration", "version"]
ViewField = Literal["name", "description"]


class ProductView(Section):
    """What F&O owns of products in one store view."""

    language: str
    """The language of its texts, as F&O writes it ("en-us")."""
    fields: tuple[ViewField, ...] = ("name",)


class ProductAttribute(Section):
    """The attribute of F&O whose values an attribute of Commerce shows."""

    name: str
    unit: str = ""
    """The unit that numbers are shown in, by its symbol in F&O; empty: as they are."""


class Products(Section):
    """Which products are shown, and how. What `fields` and `views` do not name is Commerce's, and
    is never written."""

    which: Literal["mapped", "released"] = "mapped"
    """`mapped`: items with a row of their own (`map items`). `released`: every released product."""
    groups: tuple[str, ...] = ()
    """Item groups that are shown; empty: all."""
    lifecycle_states: tuple[str, ...] = ()
    """Product lifecycle states in which a product may be sold; empty: all, and none."""
    fields: tuple[ProductField, ...] = ()
    """What F&O owns in all store views."""
    language: str = ""
    """The language of texts in all store views; empty, or where there is no translation: as the
    product itself is named."""
    views: dict[str, ProductView] = {}
    """What F&O owns in single store views, by their code."""
    attributes: dict[str, ProductAttribute] = {}
    """Attribute code in Commerce -> attribute in F&O, which owns it."""
    dimensions: dict[Dimension, str] = {}
    """Product dimension of a variant -> attribute code in Commerce that shows its value."""
    configurables: YesNo = False
    """Whether product masters are shown as configurable products, whose variants F&O then owns:
    those that have a SKU, told apart by `dimensions`."""
    barcode: str = ""
    """Attribute code that shows the barcode to be displayed."""
    sales_unit: str = ""
    """Attribute code that shows the unit in which F&O sells the product."""
    options: Literal["park", "create"] = "park"
    """What becomes of a value that a select attribute has no option for: the product parks, or the
    flow `product_options` makes the option."""
    category_hierarchy: str = ""
    """The category hierarchy of F&O whose assignments are shown."""
    categories: dict[str, Whole] = {}
    """Record id of a category in F&O -> id of a category in Commerce, which then has these products
    and no others. Categories that are not named here are Commerce's."""
    shared_catalogs: dict[str, tuple[str, ...]] = {}
    """Shared catalog of Commerce's B2B, by its name or id -> record ids of the categories of F&O
    whose products the flow `shared_catalogs` puts into it; `*` for all."""
    shared_catalogs_owned: YesNo = False
    """Whether all other products are taken out of these shared catalogs. Else people may assign
    more."""
    images: YesNo = False
    """Whether the images attached to released products are shown; those of the shop stay."""
    largest_image_kilobytes: Whole = Field(default=4000, ge=1, le=100_000)
    """A larger image parks its product: web servers before a shop refuse large requests."""
    tax_classes: dict[str, str] = {}
    """Item sales tax group in F&O -> product tax class in Commerce, by its name."""
    weight: Literal["net", "gross"] = "net"
    weight_factor: Amount = Decimal(1)
    """How many units of weight of the shop are one of F&O's."""
    create: YesNo = False
    """Whether products that the shop lacks are made, disabled. They are enabled, where F&O owns the
    status, when they have a price."""
    attribute_set: Whole = Field(default=4, ge=1)
    """The id of a new product's attribute set."""
    visibility: Whole = Field(default=4, ge=1, le=4)
    """A new product's: 1 none, 2 catalogue, 3 search, 4 both."""
    most_changed_percent: Whole = Field(default=30, ge=1, le=100)
    """A run that would change more of the products shown waits for `approve`."""
    poll_minutes: Whole = Field(default=15, ge=1, le=1440)
    drift: DriftPolicy = {}
    """What becomes of single fields that the shop shows otherwise."""

    @property
    def attribute_codes(self) -> tuple[str, ...]:
        """The attributes of Commerce that F&O owns, each once."""
        single = (one for one in (self.barcode, self.sales_unit) if one)
        return tuple(dict.fromkeys([*self.attributes, *self.dimensions.values(), *single]))

    @property
    def shared_catalog_categories(self) -> tuple[str, ...]:
        """The categories of F&O that shared catalogs are made of; `*` among them for all."""
        return tuple(one for some in self.shared_catalogs.values() for one in some)

    @property
    def languages(self) -> frozenset[str]:
        """Those that texts are read in, without case."""
        named = (self.language, *(view.language for view in self.views.values()))
        return frozenset(one.casefold() for one in named if one)
