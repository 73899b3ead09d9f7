"""Replays what was done with a recorded order on the double: the same invoices and credit memos
must come of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from sandbox.commerce.documents import rest_document
from sandbox.commerce.faults import RestFault
from sandbox.commerce.order_rows import pays
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.commerce.settling import settle
from sandbox.commerce.shape import rest_order, stored_order
from sandbox.commerce.state import CommerceState
from sync.core.money import ZERO
from tests.sandbox.commerce.shop import SetClock

Rest = dict[str, Any]
ROWS = ("row_total", "base_row_total", "row_total_incl_tax", "base_row_total_incl_tax")
DONE = ("_invoiced", "_refunded", "_canceled")
OURS = frozenset(
    {"entity_id", "parent_id", "increment_id", "created_at", "updated_at", "invoice_id"}
)
"""What the double gives itself."""

NOT_OURS = frozenset(
    {"status_histories", "extension_attributes", "customer_note_notify", "billing_address"}
)
"""What other steps than ours change, or whether the shopper was told."""


def is_money(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def differences(mine: Any, recorded: Any, path: str = "") -> Iterator[str]:
    """Where two answers differ: keys, and numbers beyond the fourth decimal. Texts of JSON are
    read."""
    if isinstance(recorded, dict) and isinstance(mine, dict):
        for key in sorted(set(mine) ^ set(recorded)):
            yield f"{path}.{key} only in {'mine' if key in mine else 'the recording'}"
        for key in set(mine) & set(recorded) - OURS - {"weee_tax_applied"}:
            yield from differences(mine[key], recorded[key], f"{path}.{key}")
    elif isinstance(recorded, list) and isinstance(mine, list):
        if len(mine) != len(recorded):
            yield f"{path}: {len(mine)} instead of {len(recorded)}"
        for place, (left, right) in enumerate(zip(mine, recorded, strict=False)):
            yield from differences(left, right, f"{path}[{place}]")
    elif is_money(recorded) and is_money(mine):
        left, right = (
            Decimal(value).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
            for value in (mine, recorded)
        )
        if left != right:
            yield f"{path}: {left} instead of {right}"
    elif mine != recorded:
        yield f"{path}: {mine!r} instead of {recorded!r}"


def as_placed(scenario: Rest) -> StoredOrder:
    """The recorded order before anything was done with it, with the true row totals of the
    database."""
    rest = scenario["order"] if _edited(scenario) else scenario["order_as_placed"]
    order = stored_order(rest)
    true = {row["item_id"]: row for row in scenario["stored_order_items"]}
    for item in order.items:
        item |= {name: ZERO for name in item if name.endswith(DONE) or name == "qty_shipped"}
        item |= {name: Decimal(true[item["item_id"]][name] or 0) for name in ROWS}
    undone = [
        name
        for name in order.row
        if name.endswith(DONE) or "adjustment_" in name or name.endswith("total_paid")
    ]
    for name in undone:
        del order.row[name]
    for name in [
        name for name in order.payment if name.endswith(("_paid", "_refunded", "_captured"))
    ]:
        del order.payment[name]
    order.comments = []
    if _edited(scenario):
        order.row |= {"state": "new", "status": "pending"}
    return order


def _edited(scenario: Rest) -> bool:
    return any(str(step).startswith('["edit') for step in scenario["steps"])


@dataclass
class Replay:
    """The double with one recorded order, and how far the recording was followed."""

    scenario: Rest
    state: CommerceState
    order: StoredOrder
    refusals: int = 0

    @classmethod
    def of(cls, scenario: Rest) -> "Replay":
        state = CommerceState(SetClock(), checks_access=False)
        state.gross_shipping = scenario["settings"]["tax/sales_display/shipping"] == "2"
        order = as_placed(scenario)
        state.place(order)
        if "separate" in scenario["scenario"]:
            bundles = (item for item in order.items if item["product_type"] == "bundle")
            order.in_parts = frozenset(item["product_id"] for item in bundles)
        return cls(scenario, state, order)

    def run(self) -> None:
        """Follow all steps."""
        for step in self.scenario["steps"]:
            verb, _, reported = str(step).partition(" ")
            if str(step).startswith("["):
                name, wish = json.loads(step, parse_float=Decimal)
                getattr(self, f"_{name}", lambda _: None)(wish)
            elif "refused" in reported:
                self._refused(verb, reported)
            elif verb in {"hold", "unhold", "cancel"}:
                getattr(self.state, verb)(self.order)

    def _inv(self, wish: Any) -> None:
        place = len(self.order.invoices)
        if place < len(self.scenario["invoices"]):  # else one of the order before the edit
            self.state.invoice(self.order, self._quantities(wish, self.scenario["invoices"][place]))

    def _ref(self, wish: Rest, invoice: Columns | None = None) -> None:
        recorded = self.scenario["creditmemos"][len(self.order.creditmemos)]
        quantities = self._quantities(wish.get("items", {}), recorded)
        self.state.refund(
            self.order,
            quantities,
            shipping=None if wish.get("ship") is None else Decimal(wish["ship"]),
            positive=Decimal(wish.get("pos", 0)),
            negative=Decimal(wish.get("neg", 0)),
            invoice=invoice,
        )

    def _refinv(self, wish: Rest) -> None:
        self._ref(wish, self.order.invoices[wish["n"]])

    def _ship(self, _: Any) -> None:
        """In one go what the recording has sent in the end."""
        recorded = self.scenario["order"]["items"]
        for item, line in zip(self.order.items, recorded, strict=True):
            item["qty_shipped"] = Decimal(line["qty_shipped"])
        settle(self.order)

    def _refused(self, verb: str, reported: str) -> None:
        body = json.loads(reported[reported.index("{") :])
        if verb == "refinv":  # the gateway's business: only REST refuses it
            return
        with pytest.raises(RestFault) as caught:
            self.state.refund(self.order)
        assert caught.value.message == body["message"]
        self.refusals += 1

    def _quantities(self, wish: Any, recorded: Rest) -> dict[int, Decimal]:
        """What was asked for: the recorded quantities, nothing for everything."""
        bearing = [item["item_id"] for item in self.order.items if pays(self.order, item)]
        if wish == {}:
            return {}
        if wish == "none":
            return dict.fromkeys(bearing, ZERO)
        lines = {line["order_item_id"]: Decimal(line["qty"]) for line in recorded["items"]}
        return {number: lines[number] for number in bearing if number in lines}

    def differences(self) -> list[str]:
        """Where the documents differ from the recorded ones."""
        mine = {"invoices": self.order.invoices, "creditmemos": self.order.creditmemos}
        found = []
        for kind, documents in mine.items():
            shown = [rest_document(document) for document in documents]
            found += list(differences(shown, self.scenario[kind], kind))
        return found

    def order_differences(self) -> list[str]:
        """Where the order's row, items and payment differ from the recorded ones."""
        mine, theirs = (
            {key: value for key, value in rest.items() if key not in NOT_OURS}
            for rest in (rest_order(self.order), self.scenario["order"])
        )
        found = list(differences(mine, theirs, "order"))
        refunds = [entry["comment"] for entry in self.order.comments]
        reported = [entry["comment"] for entry in self.scenario["order"]["status_histories"]]
        return (
            found
            if refunds == [text for text in reported if "refunded" in text]
            else [*found, "what the history tells"]
        )
