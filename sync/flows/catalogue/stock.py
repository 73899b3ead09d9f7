"""On-hand quantities in F&O -> stock in Commerce.

In:      on-hand by warehouse, units, conversions; the shop's open orders, as far as F&O has them.
Out:     source items of the mapped sources, or the stock item of a shop without them.
Key:     the sku as the shop spells it, or "*" for all.
Counts:  a web order once: until it has shipped it, the shop takes it off (`mapping/stock.py`).
Parks:   a sku whose item is not released, a unit without conversion, a row that the shop refuses or
         does not show, and a run that would change too much.
Repeats: quantities are absolute; what the shop confirmed is not sent again.
"""

from sync.engine.publication import PublicationFlow
from sync.engine.published_rows import MassChange, Rows
from sync.flows.catalogue.stock_rows import every, one
from sync.flows.catalogue.stock_target import SourceStock
from sync.flows.catalogue.taken_orders import overtaken

stock = PublicationFlow(
    name="stock",
    title="On-hand quantities to stock",
    source=Rows(every, one, overtaken),
    target=SourceStock(),
    every=lambda connection: connection.stock.poll_minutes,
    guard=lambda connection: MassChange(connection.stock.most_changed_percent),
)
