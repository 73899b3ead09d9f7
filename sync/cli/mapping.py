"""`map`: the mapping tables, which item a SKU is and which account a customer is."""

from sync.cli.command import group
from sync.cli.map_customers import app as customers
from sync.cli.map_items import app as items

app = group("map", "Mapping tables: items (SKU to item number), customers (to customer accounts).")
app.add_typer(items)
app.add_typer(customers)
