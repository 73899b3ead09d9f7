"""`map`: the mapping tables, which item a SKU is and which account a customer is."""

from sync.cli.command import Command, group
from sync.cli.map_attributes import attributes
from sync.cli.map_categories import categories
from sync.cli.map_companies import app as companies
from sync.cli.map_customers import app as customers
from sync.cli.map_groups import groups
from sync.cli.map_items import app as items
from sync.cli.map_sources import sources
from sync.cli.map_units import units

app = group(
    "map",
    "Mapping tables: items (SKU to item number), customers (to customer accounts), companies,"
    " sources, attributes, categories, units, price groups.",
)
app.add_typer(items)
app.add_typer(customers)
app.add_typer(companies)
app.command(cls=Command)(sources)
app.command(cls=Command)(attributes)
app.command(cls=Command)(categories)
app.command(cls=Command)(units)
app.command(cls=Command)(groups)
