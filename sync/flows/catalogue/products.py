"""Released products in F&O -> products in Commerce.

In:      released products, their texts, order settings and lifecycle; which SKUs have a price.
Out:     the fields that F&O owns, by settings, per store view; nothing else is written.
Key:     the sku as the mapping has it, or "*" for all; "item X" for an item that has no SKU.
Parks:   an item without SKU, a tax group without class, a quantity that is no whole piece, a row
         that the shop refuses or does not show, and a run that would change too much.
Repeats: values are absolute; what the shop confirmed is not sent again. Cost and margin are not
         read. What is not released any more is disabled, and never deleted.
"""

from sync.engine.publication import PublicationFlow
from sync.engine.published_rows import MassChange, Rows
from sync.flows.catalogue.product_rows import every, one
from sync.flows.catalogue.product_target import ShopProducts

products = PublicationFlow(
    name="products",
    title="Released products to products",
    source=Rows(every, one),
    target=ShopProducts(),
    every=lambda connection: connection.products.poll_minutes,
    guard=lambda connection: MassChange(connection.products.most_changed_percent),
)
