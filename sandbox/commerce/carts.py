"""Carts of the shop by the rules of Magento 2.4.7: one that was ordered is not active, and REST
lists no items of it (`Quote.Model.QuoteRepository.LoadHandler`); a guest's becomes that of the
customer who signs in, or is put into the one they have and deleted
(`Checkout.Model.Session::loadCustomerQuote`, `Quote::merge`)."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from sandbox.commerce.catalogue import Shopper
from sandbox.commerce.quotes import StoredQuote
from sandbox.commerce.records import StoredOrder, stamp
from sandbox.commerce.state import CommerceState

ORDERED: Final = "ordered"


def is_active(cart: StoredQuote) -> bool:
    """Nobody has ordered it."""
    return cart.status != ORDERED


def checks_out(state: CommerceState, cart: StoredQuote) -> StoredOrder:
    """The buyer orders it."""
    order = state.place(state.cooked_quote(cart))
    order.row["quote_id"] = cart.id
    cart.status, cart.updated_at = ORDERED, stamp(state.clock.now())
    return order


def signs_in(state: CommerceState, cart: StoredQuote, customer: Shopper) -> StoredQuote:
    """A guest is a customer from now on; the cart that is theirs then."""
    own = [one for one in state.quotes.values() if one.shopper == customer and is_active(one)]
    theirs = next((one for one in own if not one.is_regular), None)
    if theirs is None:
        cart.shopper, cart.updated_at = customer, stamp(state.clock.now())
        return cart
    known = {one.product.sku: one for one in theirs.items}
    for one in cart.items:
        before = known.get(one.product.sku)
        known[one.product.sku] = replace(
            before or one, qty=one.qty + (before.qty if before else Decimal(0))
        )
    theirs.items, theirs.updated_at = [*known.values()], stamp(state.clock.now())
    del state.quotes[cart.id]
    return theirs
