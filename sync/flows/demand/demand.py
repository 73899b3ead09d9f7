"""Forecast demand -> entries of a forecast model in F&O.

In:      the last forecast of reports, by legal entity, SKU and week: what beats its baseline alone.
Out:     an entry of `demand.model` for each item and week, in the item's inventory unit.
Key:     legal entity, item, dimensions and week; or "*" for all.
Counts:  once: the entry's number is ours and comes of the key. What others entered is not touched.
Parks:   a run without a fresh forecast; an item whose unit has no conversion, or of whose week
         somebody else has made an entry; what F&O refuses, or does not show.
Repeats: quantities are absolute; what F&O confirmed is not sent again. An entry of a week to come
         of which nothing is forecast any more is deleted; weeks that are over stay.
"""

from sync.engine.publication import PublicationFlow
from sync.engine.published_rows import MassChange, Rows
from sync.flows.demand.demand_entries import every, one
from sync.flows.demand.demand_target import ForecastModel

demand = PublicationFlow(
    name="demand",
    title="Forecast demand to F&O",
    source=Rows(every, one),
    target=ForecastModel(),
    every=lambda connection: connection.demand.poll_minutes,
    guard=lambda _: MassChange(100),  # a new forecast changes each row
)
