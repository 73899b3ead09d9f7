"""What is bought, by whom and how it is paid: drawn by chance, or as a test wishes. `maker.py`
makes an order of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any, Literal

from sandbox.commerce.amounts import Levy, Rule, Scheme
from sandbox.commerce.assortment import Product
from sandbox.commerce.catalogue import Catalogue, Place, Shopper, Store
from sync.core.money import ZERO

State = Literal["open", "authorised", "captured", "pending_payment"]
PAYMENTS: dict[str, tuple[str, State]] = {
    "checkmo": ("Check / Money order", "open"),
    "banktransfer": ("Bank Transfer Payment", "open"),
    "purchaseorder": ("Purchase Order", "open"),
    "cashondelivery": ("Cash On Delivery", "open"),
    "braintree": ("Credit Card", "captured"),
    "paypal_express": ("PayPal Express Checkout", "authorised"),
}
DRAWN = tuple(PAYMENTS)
PAYMENTS["companycredit"] = ("Payment on Account", "open")
"""Only where it is asked for: a buyer of a company chooses it."""
SHIPPING = {
    "flatrate_flatrate": "Flat Rate - Fixed",
    "tablerate_bestway": "Best Way - Table Rate",
    "ups_03": "UPS - Ground",
}
RULES = (
    Rule(),
    Rule(),
    Rule("percent", Decimal(15), coupon="P15"),
    Rule("percent", Decimal("33.3333"), coupon="THIRD"),
    Rule("percent", Decimal("7.5"), on_shipping=True, coupon="P7S"),
    Rule("fixed", Decimal("0.07"), coupon="F007"),
    Rule("fixed", Decimal("3.33")),
    Rule("cart", Decimal("10.00"), coupon="C10"),
    Rule("cart", Decimal("25.00"), on_shipping=True, coupon="C25S"),
)


@dataclass(frozen=True)
class Want:
    """So many of a product."""

    product: Product
    qty: Decimal


@dataclass(frozen=True)
class Extras:
    """What is added to or taken off the total beside goods and shipping, in base currency.

    `fee` is a payment fee of an extension (its tax is in the order's tax), `wrap` gift wrapping of
    the order. Gift cards, store credit and reward points are ways to pay: they lower the grand
    total and nothing else.
    """

    fee: Decimal = ZERO
    wrap: Decimal = ZERO
    gift_card: Decimal = ZERO
    credit: Decimal = ZERO
    reward: Decimal = ZERO


@dataclass(frozen=True)
class Recipe:
    """One order to be made. Shipping charge and extras are in base currency."""

    store: Store
    shopper: Shopper
    place: Place
    wants: tuple[Want, ...]
    scheme: Scheme = field(default_factory=Scheme)
    rule: Rule = field(default_factory=Rule)
    shipping: Decimal = Decimal("4.95")
    method: str = "flatrate_flatrate"
    payment: str = "checkmo"
    extras: Extras = field(default_factory=Extras)
    po_number: str | None = None
    note: str | None = None
    paid: State | None = None
    origin: str = "berlin"

    @property
    def state(self) -> State:
        """How far payment is at placing: what the method does, or what was wished."""
        return self.paid or PAYMENTS[self.payment][1]

    @property
    def virtual(self) -> bool:
        """Whether there is nothing to ship."""
        return all(want.product.type in {"virtual", "downloadable"} for want in self.wants)


def drawn(rng: Random, catalogue: Catalogue, **wishes: Any) -> Recipe:
    """A recipe by chance. `wishes` are fields of `Recipe` that are given; `skus` names the products
    in the basket."""
    skus: Sequence[str] | None = wishes.pop("skus", None)
    store = wishes.pop("store", None) or rng.choice(catalogue.stores)
    shopper = wishes.pop("shopper", None) or _shopper(rng, catalogue, store)
    place = catalogue.places[shopper.place]
    recipe = Recipe(
        store=store,
        shopper=shopper,
        place=place,
        wants=_basket(rng, catalogue, skus),
        scheme=_scheme(rng, store),
        rule=rng.choice(RULES),
        shipping=Decimal(rng.choice(("4.95", "10", "7.37", "0"))),
        method=rng.choice(tuple(SHIPPING)),
        payment=rng.choice(DRAWN),
        extras=_extras(rng),
        note=rng.choice((None, None, None, "Leave at the rear door / thanks")),
    )
    if recipe.payment == "purchaseorder":
        recipe = replace(recipe, po_number=f"PO-{rng.randrange(1000, 9999)}")
    recipe = replace(recipe, **wishes)
    if recipe.rule.kind in ("fixed", "cart") and "scheme" not in wishes:
        # More than the goods may be taken off: taxed before discount, tax alone would be left.
        recipe = replace(recipe, scheme=replace(recipe.scheme, discount_first=True))
    return _consistent(recipe)


def plain(catalogue: Catalogue, quantities: Mapping[str, Any]) -> dict[str, Any]:
    """The wish for an order of so many pieces by SKU, with nothing beside them but shipping."""
    wants = tuple(
        Want(catalogue.product(sku), Decimal(str(qty))) for sku, qty in quantities.items()
    )
    bare = {"rule": Rule(), "extras": Extras(), "scheme": Scheme(), "shipping": Decimal("4.95")}
    return {"wants": wants, **bare}


def changed(recipe: Recipe, rng: Random) -> Recipe:
    """The same order as an administrator edits it: of one line, more or fewer are wanted."""
    place = rng.randrange(len(recipe.wants))
    want = recipe.wants[place]
    qty = want.qty + 2 if want.qty <= 1 else want.qty - 1
    wants = (*recipe.wants[:place], replace(want, qty=qty), *recipe.wants[place + 1 :])
    return replace(recipe, wants=wants)


def _shopper(rng: Random, catalogue: Catalogue, store: Store) -> Shopper:
    return rng.choice([shopper for shopper in catalogue.shoppers if shopper.place in store.places])


def _scheme(rng: Random, store: Store) -> Scheme:
    levy: Levy = rng.choice(("none", "untaxed", "taxed"))
    return Scheme(
        gross=store.gross,
        algorithm=rng.choice(("unit", "row", "total")),
        shipping_gross=store.gross,
        shipping_taxed=store.gross or rng.random() < 0.5,
        discount_first=rng.random() < 0.8,
        cross_border=rng.random() < 0.5,
        levy=levy,
        levy_in_subtotal=levy != "none" and rng.random() < 0.4,
    )


def _basket(rng: Random, catalogue: Catalogue, skus: Sequence[str] | None) -> tuple[Want, ...]:
    if skus is not None:
        products = [catalogue.product(sku) for sku in skus]
    else:
        inside = {
            sku
            for product in catalogue.products
            if product.type == "configurable"
            for sku, _ in product.parts
        }
        loose = [one for one in catalogue.products if one.is_drawn and one.sku not in inside]
        products = rng.sample(loose, k=min(rng.choice((1, 1, 2, 3, 5, 8)), len(loose)))
    return tuple(Want(product, _qty(rng, product)) for product in products)


def _qty(rng: Random, product: Product) -> Decimal:
    return (
        Decimal(rng.choice(("0.5", "1.25", "2.75")))
        if product.fractional
        else Decimal(rng.choice((1, 1, 2, 3, 4, 7)))
    )


def _extras(rng: Random) -> Extras:
    def sometimes(chance: float, *amounts: str) -> Decimal:
        return Decimal(rng.choice(amounts)) if rng.random() < chance else ZERO

    return Extras(
        fee=sometimes(0.1, "1.50", "3.33"),
        wrap=sometimes(0.1, "4.99"),
        gift_card=sometimes(0.1, "5", "17.35"),
        credit=sometimes(0.1, "3", "9.99"),
        reward=sometimes(0.05, "1.23"),
    )


def _consistent(recipe: Recipe) -> Recipe:
    """Leave out what cannot be together: shipping of nothing, fractional pieces in a shop with
    gross prices."""
    wants = tuple(
        replace(want, qty=want.qty.to_integral_value() or Decimal(1))
        if want.product.fractional and (recipe.scheme.gross or recipe.scheme.algorithm == "unit")
        else want
        for want in recipe.wants
    )
    recipe = replace(recipe, wants=wants)
    return replace(recipe, shipping=ZERO) if recipe.virtual else recipe
