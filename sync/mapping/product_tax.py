"""The product tax class of a shop that F&O's item sales tax group stands for."""

from collections.abc import Mapping

from sync.config.connections.products import Products
from sync.dynamics.documents.released_product import ReleasedProduct
from sync.mapping.unshowable import Unshowable


def tax_class_of(
    sku: str, product: ReleasedProduct, settings: Products, tax_classes: Mapping[str, str]
) -> str:
    """The id of its tax class, by its item sales tax group. `tax_classes`: ids by name without
    case. Raises `Unshowable`."""
    group = product.tax_group
    named = {one.casefold(): name for one, name in settings.tax_classes.items()}
    name = named.get(group.casefold())
    if name is None:
        raise Unshowable(
            f'{sku}: the item sales tax group "{group}" of item {product.item} is'
            " not in products.tax_classes",
            remedy=f'Add "{group}" = "<product tax class>" to products.tax_classes in'
            " connections.toml.",
        )
    if name.casefold() not in tax_classes:
        raise Unshowable(
            f'{sku}: the shop has no product tax class "{name}"',
            remedy="Correct products.tax_classes in connections.toml, or add the class in"
            " Commerce (Stores > Taxes > Tax Zones and Rates > Tax Rules > Product Tax Class).",
        )
    return tax_classes[name.casefold()]
