"""The checkout gate: figures decide where they are fresh, the policy where they are not; an order
is let through once; nothing that fails stops a checkout."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.config.connections import Credit
from sync.core.encoding import from_json, to_json
from sync.core.ports import Row
from sync.credit.asked import Asked, asked_in
from sync.credit.decisions import DECIDED, Decision, Decisions
from sync.credit.policy import Figures, verdict_on
from sync.credit.prepared import PREPARED, Prepared, PreparedCredit
from sync.credit.reservations import MOST, RESERVED, Reservation, Reservations, Reserved
from sync.credit.undecided import last_undecided
from sync.intake_http.gate import BUDGET, RECORDING
from tests.contracts.hand_clock import HandClock
from tests.intake_http.harness import Harness, signed_by_commerce

D = Decimal
KIM, COMPANY, ACCOUNT = 17, 5, "US-005"
NOW = HandClock().now()
ONE = Prepared(COMPANY, ACCOUNT, "EUR", available=D(1000), limit=D(1500), used=D(500))
SUCCESS: Any = {"op": "success"}
HIDDEN: Any = [{"op": "add", "path": "result", "value": {"code": "companycredit"}}]


def order(amount: str = "100.0000", **fields: Any) -> dict[str, Any]:
    """The raw model of an order, as Commerce sends it before it is placed."""
    return {
        "order": {
            "increment_id": "000000042", "store_id": 1, "customer_id": str(KIM),
            "base_currency_code": "EUR", "base_grand_total": amount, "grand_total": amount,
            "order_currency_code": "EUR", "payment": {"method": "companycredit"}, **fields,
        }
    }  # fmt: skip


def cart(amount: str | None = "100.0000", customer: Any = KIM) -> dict[str, Any]:
    """What the filter of payment methods is sent."""
    who = None if customer is None else {"entity_id": str(customer), "group_id": "4"}
    whole = {"entity_id": "9", "store_id": "1", "base_currency_code": "EUR"}
    return {"payload": {"cart": {**whole, "base_grand_total": amount}, "customer": who}}


async def prepare(harness: Harness, one: Prepared = ONE, *, minutes: int = 0) -> None:
    """A run has read the company's figures, so many minutes ago."""
    at = harness.clock.now() - timedelta(minutes=minutes)
    prepared = PreparedCredit(harness.tables, "bikes")
    await prepared.learn({KIM: COMPANY})
    await prepared.put_all([one], at)


async def asks(harness: Harness, payload: Mapping[str, Any], question: str = "place-order") -> Any:
    body = to_json(payload)
    answer = await harness.services.ask_gate("bikes", question, signed_by_commerce(body), body)
    assert (answer.status, answer.content_type) == (200, "application/json")
    return json.loads(answer.body)


async def decisions(harness: Harness, account: str = ACCOUNT) -> list[Decision]:
    kept = Decisions(harness.tables, "bikes")
    return [one async for one in kept.of(account, harness.clock.now().date(), 2)]


def credit(**gate: Any) -> Credit:
    written = {"currency": "EUR", "rates": {"USD": "1.25"}, "gate": {"enabled": True, **gate}}
    return Credit.model_validate(written)


ORDER = asked_in("order", order())
METHODS = asked_in("methods", cart())
FRESH = Figures(COMPANY, ONE, NOW)
STALE = replace(FRESH, at=NOW - timedelta(minutes=16))
IN_GROUP = replace(ONE, available=D(300), group="G1", own_left=D(300), group_left=D(600))
GROUPED = replace(FRESH, prepared=IN_GROUP)


def with_amount(asked: Asked, amount: str, currency: str = "EUR") -> Asked:
    return replace(asked, amounts={currency: D(amount)})


@pytest.mark.parametrize(
    ("asked", "figures", "gate", "allowed", "reason"),
    [
        (replace(ORDER, customer=None), FRESH, {}, False, "a guest"),
        (replace(ORDER, customer=None), FRESH, {"guests": "allow"}, True, "a guest"),
        (ORDER, Figures(), {}, False, "no company is known"),
        (ORDER, Figures(), {"unknown": "allow"}, True, "no company is known"),
        (ORDER, Figures(COMPANY), {}, False, "no account is known"),
        (ORDER, Figures(COMPANY), {"unknown": "allow"}, True, "no account is known"),
        (ORDER, FRESH, {}, True, "enough is left"),
        (with_amount(ORDER, "1000"), FRESH, {}, True, "enough is left"),
        (with_amount(ORDER, "1000.01"), FRESH, {}, False, "more than is left"),
        (with_amount(ORDER, "1250", "USD"), FRESH, {}, True, "enough is left"),
        (with_amount(ORDER, "1250.02", "USD"), FRESH, {}, False, "more than is left"),
        (ORDER, replace(FRESH, reserved=D(900)), {}, True, "enough is left"),
        (ORDER, replace(FRESH, reserved=D("900.01")), {}, False, "more than is left"),
        (ORDER, GROUPED, {}, True, "enough is left"),
        (ORDER, replace(GROUPED, reserved_in_group=D(500)), {}, True, "left of credit group G1"),
        (ORDER, replace(GROUPED, reserved_in_group=D("500.01")), {}, False,
         "more than is left of credit group G1"),
        (ORDER, replace(GROUPED, reserved=D("200.01")), {}, False, "more than is left"),
        (ORDER, replace(FRESH, prepared=replace(ONE, group="G1", group_left=D(99))), {}, False,
         "of credit group G1"),
        (ORDER, replace(FRESH, prepared=replace(ONE, group="G1", available=None)), {}, True,
         "nothing limits"),
        (ORDER, replace(FRESH, prepared=replace(ONE, blocked="on hold")), {}, False, "blocked"),
        (ORDER, replace(FRESH, prepared=replace(ONE, blocked="on hold", fault="no rate")), {},
         False, "blocked"),
        (ORDER, replace(FRESH, prepared=replace(ONE, available=None)), {}, True, "nothing limits"),
        (ORDER, replace(FRESH, prepared=replace(ONE, available=D(-1))), {}, False, "more than"),
        (ORDER, replace(FRESH, at=NOW - timedelta(minutes=15)), {}, True, "enough is left"),
        (ORDER, STALE, {}, True, "stale"),
        (with_amount(ORDER, "500"), STALE, {}, False, "stale"),
        (with_amount(ORDER, "500"), STALE, {"stale_below": 501}, True, "stale"),
        (with_amount(ORDER, "9999"), STALE, {"stale": "allow"}, True, "stale"),
        (with_amount(ORDER, "1"), STALE, {"stale": "refuse"}, False, "stale"),
        (ORDER, STALE, {"fresh_minutes": 20}, True, "enough is left"),
        (ORDER, replace(FRESH, prepared=replace(ONE, fault="no rate")), {}, True, "no rate"),
        (replace(ORDER, amounts={}), FRESH, {}, False, "amount is not known"),
        (with_amount(ORDER, "5", "SEK"), FRESH, {}, False, "amount is not known"),
        (replace(ORDER, amounts={}), STALE, {}, False, "stale"),
        (replace(METHODS, amounts={}), FRESH, {}, True, "amount is not known"),
        (replace(METHODS, amounts={}), replace(FRESH, reserved=D(1000)), {}, False, "amount is"),
        (with_amount(METHODS, "1001"), FRESH, {}, False, "more than is left"),
    ],
)  # fmt: skip
def test_what_decides(
    asked: Asked, figures: Figures, gate: dict[str, Any], allowed: bool, reason: str
) -> None:
    verdict = verdict_on(asked, figures, credit(**gate), NOW)
    assert (verdict.is_allowed, reason in verdict.reason) == (allowed, True), verdict


@given(
    st.decimals(-2000, 2000, places=2), st.decimals(0, 2000, places=2),
    st.decimals(0, 2000, places=2),
)  # fmt: skip
def test_fresh_figures_never_let_more_through_than_is_left(
    available: Decimal, reserved: Decimal, amount: Decimal
) -> None:
    figures = replace(FRESH, prepared=replace(ONE, available=available), reserved=reserved)
    verdict = verdict_on(replace(ORDER, amounts={"EUR": amount}), figures, credit(), NOW)
    assert verdict.is_allowed == (amount + reserved <= available)
    assert verdict.reserves == verdict.is_allowed


@pytest.mark.parametrize(
    "payload",
    [
        order("100.0000"),
        order("100.0000", customer_id=KIM, base_grand_total=100),
        {"data": order("100.0000")},
        order("100.0000")["order"],
        {f"order.{name}": value for name, value in order("100.0000")["order"].items()}
        | {"order.payment.method": "companycredit"},
    ],
    ids=["as sent", "numbers", "an observer's", "renamed", "flat names"],
)
def test_a_body_is_read_whatever_its_nesting(payload: dict[str, Any]) -> None:
    found = asked_in("order", payload)
    assert (found.subject, found.customer, found.method) == ("000000042", KIM, "companycredit")
    assert found.amounts == {"EUR": D(100)}


@pytest.mark.parametrize("amount", ["", "x", "NaN", "-5", "1e99", None, [], {"a": 1}, True])
def test_an_amount_that_is_none_is_left_out(amount: Any) -> None:
    found = asked_in("order", order(base_grand_total=amount, grand_total=amount))
    assert found.amounts == {}


async def test_an_order_is_let_through_and_its_decision_kept(harness: Harness) -> None:
    await prepare(harness)
    assert await asks(harness, order()) == SUCCESS
    (one,) = await decisions(harness)
    assert (one.about, one.subject, one.is_allowed) == ("order", "000000042", True)
    assert (one.amount, one.available, one.reserved) == ("100.00", "1000.00", "0.00")
    assert (one.company, one.customer, one.currency) == ("5", "17", "EUR")
    assert one.figures_at == harness.clock.now().isoformat()


async def test_an_order_above_what_is_left_is_refused_in_the_buyers_language(
    harness: Harness,
) -> None:
    await prepare(harness)
    answer = await asks(harness, order("1000.01"))
    assert answer["op"] == "exception"
    assert answer["message"].startswith("This order cannot be placed on account")
    (one,) = await decisions(harness)
    assert (one.is_allowed, one.reason) == (False, "more than is left")


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        ({}, "This order"),
        ({"languages": {"1": "de"}}, "Diese Bestellung"),
        ({"languages": {"1": "de_AT"}}, "Diese Bestellung"),
        ({"languages": {"*": "nl"}}, "Deze bestelling"),
        ({"languages": {"1": "de"}, "texts": {"de": "Nein."}}, "Nein."),
        ({"languages": {"1": "pl"}, "texts": {"*": "Nie."}}, "Nie."),
        ({"languages": {"1": "pl"}}, "This order"),
    ],
)  # fmt: skip
def test_texts_are_by_language(gate: dict[str, Any], text: str) -> None:
    assert credit(**gate).gate.text_for("1").startswith(text)


async def test_another_way_to_pay_is_no_concern_of_the_gate(harness: Harness) -> None:
    assert await asks(harness, order("9999", payment={"method": "checkmo"})) == SUCCESS
    assert await decisions(harness, "") == []


async def test_methods_are_hidden_from_who_has_too_little_left(harness: Harness) -> None:
    await prepare(harness)
    assert await asks(harness, cart(), "payment-methods") == SUCCESS
    assert await asks(harness, cart("1000.01"), "payment-methods") == HIDDEN
    assert await asks(harness, cart(customer=None), "payment-methods") == HIDDEN
    assert [one.about for one in await decisions(harness)] == ["methods", "methods"]
    assert await decisions(harness, "") == []


async def test_two_carts_of_a_company_are_not_both_let_through(harness: Harness) -> None:
    await prepare(harness)
    carts = [order("600.0000", increment_id=f"00000010{place}") for place in range(4)]
    answers = await asyncio.gather(*(asks(harness, one) for one in carts))
    assert [answer["op"] for answer in answers].count("success") == 1
    assert len(await decisions(harness)) == 4


async def test_companies_of_one_credit_group_are_not_both_let_through(harness: Harness) -> None:
    """Nor more of one of them than its own limit leaves; amounts may be in different currencies."""
    first = replace(IN_GROUP, available=D(500), own_left=D(500))
    second = Prepared(
        6, "US-006", "USD", D(750), group="g1", own_left=D(1000), group_left=D(750)
    )  # fmt: skip
    prepared = PreparedCredit(harness.tables, "bikes")
    await prepared.learn({KIM: COMPANY, 18: 6})
    await prepared.put_all([first, second], harness.clock.now())
    asked = [("41", KIM, "450"), ("42", 18, "200"), ("43", KIM, "60"), ("44", 18, "150")]
    told = [
        (await asks(harness, order(amount, increment_id=number, customer_id=who)))["op"]
        for number, who, amount in asked
    ]
    assert told == ["success", "exception", "exception", "success"]
    (one,) = [one for one in await decisions(harness, "US-006") if not one.is_allowed]
    assert one.reason == "more than is left of credit group g1"
    assert (one.amount, one.available, one.reserved) == ("250.00", "750.00", "562.50")


async def test_an_order_that_the_figures_of_one_company_count_is_reserved_for_the_others(
    harness: Harness,
) -> None:
    second = replace(IN_GROUP, company=6, account="US-006", own_left=D(600))
    prepared = PreparedCredit(harness.tables, "bikes")
    await prepared.learn({KIM: COMPANY, 18: 6})
    await prepared.put_all([IN_GROUP, second], harness.clock.now())
    assert await asks(harness, order("300")) == SUCCESS
    counting = replace(IN_GROUP, own_left=D(100), group_left=D(300), counted=("000000042",))
    await prepared.put(counting, harness.clock.now())
    assert await asks(harness, order("100", increment_id="43")) == SUCCESS
    refused = await asks(harness, order("201", increment_id="44", customer_id=18))
    assert refused["op"] == "exception"
    assert await asks(harness, order("200", increment_id="45", customer_id=18)) == SUCCESS


async def test_a_full_list_of_reservations_leaves_it_to_the_policy(harness: Harness) -> None:
    await prepare(harness)
    held = [Reservation(str(n), D(0), NOW + timedelta(days=1)) for n in range(MOST)]
    await Reservations(harness.tables, "bikes").put(Reserved(ONE.pool, tuple(held)))
    assert (await asks(harness, order("499.99")))["op"] == "success"
    assert (await asks(harness, order("500")))["op"] == "exception"
    for amount, currency, op in (("600", "USD", "success"), ("9", "SEK", "exception")):
        named = {"base_currency_code": currency, "order_currency_code": currency}
        assert (await asks(harness, order(amount, **named)))["op"] == op, currency
    assert {one.reason for one in await decisions(harness, "")} == {
        "nothing is known: too many at once"
    }


@pytest.mark.parametrize("customer", [KIM, 999])
async def test_the_company_that_the_hook_names_counts_before_what_is_known_of_the_buyer(
    harness: Harness, customer: int
) -> None:
    other = replace(ONE, company=6, account="US-006", available=D(50))
    prepared = PreparedCredit(harness.tables, "bikes")
    await prepared.learn({KIM: COMPANY})
    await prepared.put_all([ONE, other], harness.clock.now())
    named = {"company_order_attributes": {"company_id": "6"}}
    for amount, op in (("50", "success"), ("51", "exception")):
        asked = order(amount, customer_id=customer, extension_attributes=named)
        assert (await asks(harness, asked))["op"] == op
    whole = cart("51", customer)
    attributes = {"company_attributes": {"company_id": 6}}
    whole["payload"]["customer"]["extension_attributes"] = attributes
    assert await asks(harness, whole, "payment-methods") == HIDDEN


async def test_the_same_order_may_be_tried_again(harness: Harness) -> None:
    await prepare(harness)
    for _ in range(3):
        assert await asks(harness, order("900.0000")) == SUCCESS
    assert (await asks(harness, order("200", increment_id="43")))["op"] == "exception"


async def test_a_reservation_ends_by_itself(harness: Harness) -> None:
    await prepare(harness)
    assert await asks(harness, order("900.0000")) == SUCCESS
    harness.clock.at += timedelta(minutes=31)
    await prepare(harness)
    assert await asks(harness, order("900.0000", increment_id="43")) == SUCCESS


async def test_an_order_that_counts_in_the_figures_is_no_longer_reserved(
    harness: Harness,
) -> None:
    await prepare(harness)
    assert await asks(harness, order("600.0000")) == SUCCESS
    await prepare(harness, replace(ONE, available=D(400)))
    assert (await asks(harness, order("300", increment_id="43")))["op"] == "exception"
    held = Reservations(harness.tables, "bikes")
    await held.release({ONE.pool: {"000000042"}}, harness.clock.now())
    assert await harness.tables.get(RESERVED, "bikes", ACCOUNT.casefold()) is None
    assert await asks(harness, order("300", increment_id="43")) == SUCCESS


@pytest.mark.parametrize(("amount", "op"), [("499.99", "success"), ("500.00", "exception")])
async def test_stale_figures_leave_it_to_the_policy(harness: Harness, amount: str, op: str) -> None:
    await prepare(harness, minutes=16)
    assert (await asks(harness, order(amount)))["op"] == op
    (one,) = await decisions(harness)
    assert one.reason == "the figures are stale"


@pytest.mark.parametrize("trouble", ["tables away", "tables slow", "vault away", "vault slow"])
@pytest.mark.parametrize(("amount", "op"), [("499.99", "success"), ("500.00", "exception")])
async def test_what_fails_leaves_it_to_the_policy_in_time(
    harness: Harness, trouble: str, amount: str, op: str
) -> None:
    await prepare(harness)
    gate = harness.services.gate
    tables: Any = Troubled(hangs=trouble == "tables slow")
    if trouble.startswith("vault"):
        harness.secrets.is_away = trouble == "vault away"
        harness.secrets.hangs = trouble == "vault slow"
        tables = gate.tables
    quick = timedelta(milliseconds=20)
    harness.services.gate = replace(gate, tables=tables, budget=quick, recording=quick)
    assert (await asks(harness, order(amount)))["op"] == op
    harness.secrets.is_away = harness.secrets.hangs = False
    patient = timedelta(minutes=1)
    harness.services.gate = replace(
        harness.services.gate, tables=gate.tables, budget=patient, recording=patient
    )
    await asks(harness, order("1", increment_id="43"))
    told = await last_undecided(harness.tables, "bikes")
    assert told is not None
    assert (told.count, told.at) == (1, harness.clock.now())


class Troubled:
    """Tables that fail, or never answer."""

    def __init__(self, *, hangs: bool) -> None:
        self._hangs = hangs

    async def _fail(self, *_: Any) -> Any:
        if self._hangs:
            await asyncio.Event().wait()
        raise OSError("the tables are away")

    get = upsert = insert = replace = transact = _fail


async def test_a_forged_question_is_told_nothing_and_leaves_nothing(harness: Harness) -> None:
    await prepare(harness)
    body = to_json(order())
    answer = await harness.services.ask_gate("bikes", "place-order", {}, body)
    assert answer.status == 401
    forged = signed_by_commerce(to_json(order("1")))
    assert (await harness.services.ask_gate("bikes", "place-order", forged, body)).status == 401
    assert await decisions(harness) == []
    assert await harness.tables.get(RESERVED, "bikes", ACCOUNT.casefold()) is None


async def test_a_gate_that_is_off_lets_everything_through(harness: Harness) -> None:
    body = to_json(order("999999"))
    answer = await harness.services.ask_gate("boats", "place-order", {}, body)
    assert (answer.status, json.loads(answer.body)) == (200, SUCCESS)


async def test_decisions_are_kept_as_long_as_is_said(harness: Harness) -> None:
    await prepare(harness)
    await asks(harness, order())
    kept, now = Decisions(harness.tables, "bikes"), harness.clock.now()
    await kept.tidy(now + timedelta(days=30), 30)
    assert len(await decisions(harness)) == 1
    await kept.tidy(now + timedelta(days=31), 30)
    assert await decisions(harness) == []


async def test_a_cart_that_is_asked_about_again_and_again_is_one_row(harness: Harness) -> None:
    await prepare(harness)
    for _ in range(5):
        await asks(harness, cart(), "payment-methods")
        harness.clock.at += timedelta(seconds=30)
    partition = f"bikes|{harness.clock.now():%Y%m%d}"
    assert len([row async for row in harness.tables.query(DECIDED, partition)]) == 1


async def test_figures_are_read_by_key_only(harness: Harness) -> None:
    await prepare(harness)
    gate = harness.services.gate
    harness.services.gate = replace(gate, tables=ByKey(harness.tables))  # type: ignore[arg-type]
    assert await asks(harness, order()) == SUCCESS
    assert await asks(harness, cart(), "payment-methods") == SUCCESS


class ByKey:
    """Tables that answer no query."""

    def __init__(self, tables: Any) -> None:
        for name in ("get", "upsert", "insert", "replace"):
            setattr(self, name, getattr(tables, name))


async def test_a_company_that_no_run_meets_any_more_is_not_known(harness: Harness) -> None:
    await prepare(harness)
    await PreparedCredit(harness.tables, "bikes").put_all([], harness.clock.now())
    assert (await asks(harness, order()))["op"] == "exception"
    assert await harness.tables.get(PREPARED, "bikes", f"company:{COMPANY}") is None


def test_what_is_prepared_reads_as_it_was_written() -> None:
    one = replace(
        ONE, blocked="b", overdue=D("1.50"), why=("x", "y"), taken=("companycredit",), group="G1",
        group_left=D(-5), counted=("41", "42"),
    )  # fmt: skip
    for prepared in (one, replace(one, available=None, limit=None)):
        row: Row = prepared.row("bikes", NOW)
        assert Prepared.of(row) == prepared
        assert Prepared.of(row).at == NOW


def test_a_row_of_an_earlier_release_can_be_read() -> None:
    row = ONE.row("bikes", NOW)
    said = to_json(from_json(row.values["said"])[:3])  # type: ignore[arg-type]
    assert Prepared.of(row.having(said=said)) == ONE


def test_the_gate_answers_within_its_hooks_time() -> None:
    assert timedelta(seconds=1) > BUDGET + RECORDING


async def test_where_a_token_is_asked_for_the_signature_alone_is_not_enough(
    harness: Harness,
) -> None:
    await prepare(harness)
    gate = harness.services.gate
    bikes = gate.connections["bikes"]
    asking = bikes.credit.gate.model_copy(update={"bearer": "ours"})
    told = bikes.credit.model_copy(update={"gate": asking})
    connections = {"bikes": bikes.model_copy(update={"credit": told})}
    harness.services.gate = replace(gate, connections=connections)
    body = to_json(order())
    answer = await harness.services.ask_gate("bikes", "place-order", signed_by_commerce(body), body)
    assert answer.status == 401
    assert b"bearer" in answer.body
