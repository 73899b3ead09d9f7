"""Orders that could have come from a shop: complete, of every product type, and right to the cent.

`OrderMaker` draws a recipe and works it out as the shop does; the state of the double gives it ids
and a time when it is placed. `order()` does both at once where only the REST form is needed.
"""

from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from sandbox.commerce.catalogue import Catalogue, Place, Shopper
from sandbox.commerce.invoicing import invoice
from sandbox.commerce.items import item_columns, leaf_count
from sandbox.commerce.lines import Line, Side, lines_of, side_of
from sandbox.commerce.numbering import Sequences, numbered
from sandbox.commerce.recipe import PAYMENTS, SHIPPING, Recipe, changed, drawn
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.commerce.shape import rest_order
from sandbox.commerce.taxes import Taxed, tax_attributes, taxed_lines
from sandbox.commerce.totals import Totals, extra_attributes, total_columns, totals_of
from sync.core.money import ZERO

ONE = Decimal(1)
PLACED_AT = datetime(2026, 1, 1, 10, 15, 2, tzinfo=UTC)


class OrderMaker:
    """Makes orders by chance; the same seed makes the same ones. `made` counts them."""

    def __init__(self, rng: Random, catalogue: Catalogue | None = None) -> None:
        self.rng = rng
        self.catalogue = catalogue or Catalogue()
        self.made = 0
        self._sequences = Sequences()

    def make(self, **wishes: Any) -> StoredOrder:
        """A new order without ids. `wishes`: fields of `Recipe`, and `skus` for what is in the
        basket."""
        return self.cooked(drawn(self.rng, self.catalogue, **wishes))

    def order(self, **wishes: Any) -> Columns:
        """A new order as REST answers it, placed at a fixed time under the maker's own numbers."""
        order = numbered(self.make(**wishes), self._sequences, PLACED_AT)
        if order.recipe is not None and order.recipe.state == "captured":
            invoice(order, PLACED_AT, self._sequences)
        return rest_order(order)

    def edited(self, order: StoredOrder) -> StoredOrder:
        """What an administrator's edit makes of an order: a new one with another quantity. Needs an
        order made here."""
        if order.recipe is None:
            raise ValueError(
                "only an order that was made here can be edited: this one was loaded from a"
                " recording"
            )
        return self.cooked(changed(order.recipe, self.rng))

    def cooked(self, recipe: Recipe) -> StoredOrder:
        """The order of a recipe; the same recipe gives the same amounts."""
        self.made += 1
        lines = lines_of(recipe, self.catalogue)
        rate = recipe.store.rate
        base = side_of(recipe, lines, self.catalogue, ONE)
        own = base if rate == 1 else side_of(recipe, lines, self.catalogue, rate)
        sides = (own, base)
        totals = (totals_of(recipe, lines, own), totals_of(recipe, lines, base))
        by_number = {line.number: line for line in lines}
        title = (
            PAYMENTS[recipe.payment][0] if totals[0].grand else "No Payment Information Required"
        )
        return StoredOrder(
            row=_row(recipe, lines, sides, totals, self.catalogue.base_currency),
            items=[
                item_columns(line, sides, recipe, parent=by_number.get(line.parent or 0))
                for line in lines
            ],
            billing=address(recipe.shopper, recipe.place, "billing"),
            shipping=None if recipe.virtual else address(recipe.shopper, recipe.place, "shipping"),
            shipping_method=None if recipe.virtual else recipe.method,
            payment=_payment(recipe, totals, title),
            extension=_extension(recipe, lines, sides, totals, title),
            recipe=recipe,
        )


def _row(
    recipe: Recipe,
    lines: list[Line],
    sides: tuple[Side, Side],
    totals: tuple[Totals, Totals],
    base_currency: str,
) -> Columns:
    store, rule = recipe.store, recipe.rule
    tops = [line for line in lines if line.parent is None]
    row: Columns = {
        "applied_rule_ids": None if rule.kind == "none" else "3",
        "coupon_code": rule.coupon or None,
        "discount_description": rule.coupon or None,
        "base_currency_code": base_currency,
        "global_currency_code": base_currency,
        "store_currency_code": base_currency,
        "order_currency_code": store.currency,
        "base_to_global_rate": 1,
        "base_to_order_rate": store.rate,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
        **_buyer(recipe),
        "is_virtual": int(recipe.virtual),
        "remote_ip": "192.0.2.10",
        "shipping_description": None if recipe.virtual else SHIPPING[recipe.method],
        "store_id": store.id,
        "store_name": f"Main Website\nMain Website Store\n{store.name}",
        "total_item_count": leaf_count(lines),
        "total_qty_ordered": sum((line.qty for line in tops), ZERO),
        "weight": sum((line.product.weight * line.qty for line in tops), ZERO),
        **_state(recipe, totals[0].grand),
    }
    for prefix, total, side in zip(("", "base_"), totals, sides, strict=True):
        row.update(total_columns(prefix, total, side))
    return row


def _buyer(recipe: Recipe) -> Columns:
    shopper = recipe.shopper
    return {
        "customer_email": shopper.email,
        "customer_firstname": shopper.firstname,
        "customer_lastname": shopper.lastname,
        "customer_id": shopper.id,
        "customer_is_guest": int(shopper.id is None),
        "customer_group_id": 0 if shopper.id is None else shopper.group,
        "customer_taxvat": shopper.vat_id,
        "customer_note": recipe.note,
        "customer_note_notify": 1,
    }


def _state(recipe: Recipe, grand: Decimal) -> Columns:
    state = recipe.state if grand else "open"
    name = {"authorised": "processing", "pending_payment": "pending_payment"}.get(state, "new")
    return {"state": name, "status": "pending" if name == "new" else name}


def address(shopper: Shopper, place: Place, kind: str) -> Columns:
    """A snapshot of where a shopper lives, as an order keeps it."""
    return {
        "address_type": kind,
        "city": place.city,
        "company": shopper.company,
        "country_id": place.country,
        "email": shopper.email,
        "firstname": shopper.firstname,
        "lastname": shopper.lastname,
        "postcode": place.postcode,
        "region": place.region,
        "region_code": place.region_code,
        "region_id": place.region_id,
        "street": list(place.street),
        "telephone": "555-0100",
        "vat_id": shopper.vat_id,
        "customer_address_id": shopper.id,
    }


def _payment(recipe: Recipe, totals: tuple[Totals, Totals], title: str) -> Columns:
    own, base = totals
    authorised = recipe.state == "authorised" and bool(own.grand)
    return {
        "account_status": None,
        "additional_information": [title],
        "amount_authorized": own.grand if authorised else None,
        "amount_ordered": own.grand,
        "base_amount_authorized": base.grand if authorised else None,
        "base_amount_ordered": base.grand,
        "base_shipping_amount": base.shipping,
        "cc_last4": "1111" if recipe.payment == "braintree" and own.grand else None,
        "method": recipe.payment if own.grand else "free",
        "po_number": recipe.po_number,
        "shipping_amount": own.shipping,
    }


def _extension(
    recipe: Recipe,
    lines: list[Line],
    sides: tuple[Side, Side],
    totals: tuple[Totals, Totals],
    title: str,
) -> Columns:
    own, base = sides
    extra = (totals[0].extra, totals[1].extra)
    standard = recipe.place.rates.get("standard", ())
    charges = [
        Taxed("shipping", standard, own.shipping.tax, base.shipping.tax),
        Taxed("payment_fee", standard, extra[0].fee_tax, extra[1].fee_tax),
        Taxed("quote_gw", standard, extra[0].wrap_tax, extra[1].wrap_tax),
    ]
    everything = taxed_lines(lines, sides, recipe) + [
        taxed for taxed in charges if taxed.own or taxed.base
    ]
    found: Columns = {
        "payment_additional_info": [{"key": "method_title", "value": title}],
        **tax_attributes(everything),
        **extra_attributes(*extra, recipe),
    }
    if recipe.shopper.id is not None and recipe.shopper.buys_for is not None:
        company = {"company_id": recipe.shopper.buys_for, "company_name": recipe.shopper.company}
        found["company_order_attributes"] = company
    return found
