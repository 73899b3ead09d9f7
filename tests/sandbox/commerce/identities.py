"""What adds up in an order as REST answers it: `commerce-money.md`, sections 2 to 5, as a list of
differences.

Written apart from the double's arithmetic: it reads only REST fields. It is run on made and on
recorded orders alike.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sync.core.encoding import from_json

ZERO = Decimal(0)
Rest = dict[str, Any]


def money(source: Rest, key: str) -> Decimal:
    return Decimal(source.get(key) or 0).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def paying_lines(order: Rest) -> list[Rest]:
    """The lines that bear money: no zero children, and of a dynamic bundle the children."""
    children: dict[int, list[Rest]] = {}
    for item in order["items"]:
        children.setdefault(item.get("parent_item_id") or 0, []).append(item)
    found = []
    for item in order["items"]:
        mine = children.get(item["item_id"], [])
        dynamic = item["product_type"] == "bundle" and any(money(child, "price") for child in mine)
        zero_child = (
            item.get("parent_item_id")
            and not money(item, "price")
            and not money(item, "tax_amount")
        )
        if not dynamic and not zero_child:
            found.append(item)
    return found


def row_of(item: Rest, side: str) -> Decimal | None:
    """The true row total; None where REST's answer was cut off at zero."""
    shown, discount = (
        money(item, f"{side}row_total_incl_tax"),
        money(item, f"{side}discount_amount"),
    )
    if not shown and discount:
        return None
    row = shown + discount - money(item, f"{side}tax_amount")
    row -= money(item, f"{side}discount_tax_compensation_amount")
    return row - money(
        item, "base_weee_tax_applied_amount" if side else "weee_tax_applied_row_amount"
    )


def rows_of(order: Rest, lines: list[Rest], side: str, levies: Decimal) -> Decimal:
    """Sum of the true rows; one that REST cut off is what the subtotal leaves for it."""
    rows = [row_of(item, side) for item in lines]
    known = sum((row for row in rows if row is not None), ZERO)
    if None not in rows:
        return known
    subtotal = money(order, f"{side}subtotal")
    guess = sum(
        (
            (money(item, f"{side}price") * money(item, "qty_ordered")).quantize(
                Decimal("0.01"), ROUND_HALF_UP
            )
            for item, row in zip(lines, rows, strict=True)
            if row is None
        ),
        ZERO,
    )
    return subtotal - min((ZERO, levies), key=lambda part: abs(subtotal - part - known - guess))


def levy_of(item: Rest, side: str) -> Decimal:
    return money(item, "base_weee_tax_applied_row_amnt" if side else "weee_tax_applied_row_amount")


def levy_tax_of(item: Rest, side: str) -> Decimal:
    entries = from_json(item.get("weee_tax_applied") or "[]")
    return sum(
        (money(e, f"{side}row_amount_incl_tax") - money(e, f"{side}row_amount") for e in entries),
        ZERO,
    )


@dataclass(frozen=True)
class _Sums:
    """What the identities of one currency are made of."""

    order: Rest
    side: str

    @property
    def lines(self) -> list[Rest]:
        return paying_lines(self.order)

    def own(self, name: str) -> Decimal:
        """An amount of the order."""
        return money(self.order, f"{self.side}{name}")

    def of_lines(self, name: str) -> Decimal:
        """The sum of an amount of the lines."""
        return sum((money(item, f"{self.side}{name}") for item in self.lines), ZERO)

    @property
    def extension(self) -> Rest:
        found: Rest = self.order["extension_attributes"]
        return found

    @property
    def levies(self) -> Decimal:
        return sum((levy_of(item, self.side) for item in self.lines), ZERO)

    @property
    def levy_tax(self) -> Decimal:
        return sum((levy_tax_of(item, self.side) for item in self.lines), ZERO)

    @property
    def rows(self) -> Decimal:
        return rows_of(self.order, self.lines, self.side, self.levies)

    @property
    def levies_in_subtotal(self) -> Decimal:
        """The levies, where the subtotal holds them."""
        missing = self.own("subtotal") - self.rows
        return self.levies if self.levies and abs(missing - self.levies) < abs(missing) else ZERO

    @property
    def shipping_compensation(self) -> Decimal:
        ending = "amnt" if self.side else "amount"
        return self.own(f"shipping_discount_tax_compensation_{ending}")

    def added(self, gift_wrapping: str, fee: str) -> Decimal:
        """What gift wrapping and a payment fee come to."""
        gw = "gw_base_" if self.side else "gw_"
        return money(self.extension, f"{self.side}{fee}") + money(
            self.extension, f"{gw}{gift_wrapping}"
        )

    @property
    def paid(self) -> Decimal:
        """By gift cards, store credit and reward points."""
        names = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
        return sum((money(self.extension, f"{self.side}{name}") for name in names), ZERO)

    @property
    def total(self) -> Decimal:
        names = ("subtotal", "shipping_amount", "tax_amount", "discount_amount")
        own = sum(map(self.own, (*names, "discount_tax_compensation_amount")), ZERO)
        levies = self.levies - self.levies_in_subtotal
        added = self.added("price", "payment_fee")
        return own + self.shipping_compensation + levies + added - self.paid

    @property
    def one_line(self) -> Decimal:
        """The grand total by lines that include their tax."""
        goods = self.of_lines("row_total_incl_tax")
        if self.side:  # base answers hold the levy of one piece only
            goods += self.levies - self.of_lines("weee_tax_applied_amount")
        charge = self.own("shipping_amount") + self.own("shipping_tax_amount")
        charge += self.shipping_compensation - self.own("shipping_discount_amount")
        added = self.added("price", "payment_fee") + self.added("tax_amount", "payment_fee_tax")
        return goods + charge + self.levy_tax + added - self.paid


def differences(order: Rest, side: str) -> dict[str, Decimal]:
    """Left minus right of every identity, for the order's currency (`""`) or the base
    (`"base_"`)."""
    sums = _Sums(order, side)
    own, of_lines = sums.own, sums.of_lines
    applied = (money(entry, f"{side}amount") for entry in sums.extension["applied_taxes"])
    line_tax = of_lines("tax_amount") + own("shipping_tax_amount") + sums.levy_tax
    discounts = of_lines("discount_amount") + own("shipping_discount_amount")
    compensation = "discount_tax_compensation_amount"
    result = {
        "grand total": own("grand_total") - sums.total,
        "subtotal": own("subtotal") - sums.rows - sums.levies_in_subtotal,
        "discount": own("discount_amount") + discounts,
        "compensation": own(compensation) - of_lines(compensation),
        "tax": own("tax_amount") - line_tax - sums.added("tax_amount", "payment_fee_tax"),
        "tax per rate": own("tax_amount") - sum(applied, ZERO),
        "due": own("total_due") - own("grand_total") + own("total_paid"),
    }
    if all(row_of(item, side) is not None for item in sums.lines):
        result["one line"] = own("grand_total") - sums.one_line
    return {name: difference for name, difference in result.items() if difference}


def tolerance(order: Rest) -> Decimal:
    """How much may be missing: nothing, but for levies and fractional quantities."""
    lines = paying_lines(order)
    if any(levy_of(item, "") for item in lines):
        return Decimal("0.03")
    return Decimal("0.0002") if any(Decimal(item["qty_ordered"]) % 1 for item in lines) else ZERO
