"""Values and variants in F&O -> options of select attributes in Commerce.

In:      the labels that released products need, by `products` of the connection.
Out:     options that the shop lacks; none is ever renamed or deleted.
Key:     the attribute's code, or "*" for all.
Parks:   a label that the shop refuses.
Repeats: what is there is not added. One process adds to an attribute at a time.
"""

from sync.engine.publication import PublicationFlow
from sync.engine.published_rows import Rows
from sync.flows.catalogue.option_rows import every, one
from sync.flows.catalogue.option_target import AttributeOptions

product_options = PublicationFlow(
    name="product_options",
    title="Product values to attribute options",
    source=Rows(every, one),
    target=AttributeOptions(),
    every=lambda connection: connection.products.poll_minutes,
)
