"""Categories of F&O's products -> shared catalogs of Commerce's B2B.

In:      released products, the categories they are assigned to; which products the shop has.
Out:     products in shared catalogs, by `products.shared_catalogs`.
Key:     the sku as the mapping has it, or "*" for all.
Parks:   a shared catalog that the shop lacks, a product that the shop refuses or does not show.
Repeats: what is assigned stays so. What people assign stays too, unless
         `products.shared_catalogs_owned` gives the shared catalogs to F&O.
"""

from sync.engine.publication import PublicationFlow
from sync.engine.published_rows import MassChange, Rows
from sync.flows.catalogue.shared_catalog_rows import every, one
from sync.flows.catalogue.shared_catalog_target import ProductsInSharedCatalogs

shared_catalogs = PublicationFlow(
    name="shared_catalogs",
    title="Products to shared catalogs",
    source=Rows(every, one),
    target=ProductsInSharedCatalogs(),
    every=lambda connection: connection.products.poll_minutes,
    guard=lambda connection: MassChange(connection.products.most_changed_percent),
)
