"""Sales prices in F&O -> base prices, tier prices and special prices in Commerce.

In:      prices of released products, posted price agreements of everybody, of groups and of mapped
         customers; line discounts, where they are shown.
Out:     base prices and tiers of all websites or of one, of everybody and of the mapped customer
         groups; special prices until they end, where that is on.
Key:     the sku as the shop spells it, or "*" for all.
Parks:   a sku without price, one whose price the shop cannot show or F&O's search leaves unclear, a
         row that the shop refuses or does not show, and a run that would change too much.
Repeats: prices are absolute; what the shop confirmed is not sent again. Cost and margin are not
         read.
"""

from sync.engine.publication import PublicationFlow
from sync.engine.published_rows import MassChange, Rows
from sync.flows.catalogue.price_rows import every, one
from sync.flows.catalogue.price_target import ShopPrices

prices = PublicationFlow(
    name="prices",
    title="Sales prices to base and tier prices",
    source=Rows(every, one),
    target=ShopPrices(),
    every=lambda connection: connection.prices.poll_minutes,
    guard=lambda connection: MassChange(connection.prices.most_changed_percent),
)
