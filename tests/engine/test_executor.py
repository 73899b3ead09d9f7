"""The executor: a plan is carried out once in effect, whatever answers are lost, wherever a process
dies, and however often a record is delivered."""

import asyncio
from itertools import product

import pytest

from sync.engine.claim import State
from tests.engine.archive import Toy, ToyWrite
from tests.engine.workshop import Workshop

RED, BLUE = Toy("42", "red"), Toy("42", "blue", ("wheel", "horn"), version=2)
AGAIN = Toy("42", "red", version=3)
GONE = Toy("42", "red", is_wanted=False, version=3)
FAULTS = ("", "lost", "silent", "late")
PAIRS = list(product(FAULTS, FAULTS))
KEYED = pytest.mark.parametrize("is_keyed", [True, False], ids=["ours", "theirs"])


async def holds(workshop: Workshop, toy: Toy) -> None:
    """Once, whole, as it is wanted; and the claim knows it."""
    (held,) = workshop.archive.there()
    assert (held.body["colour"], sorted(held.lines)) == (toy.colour, sorted(toy.parts))
    claim = await workshop.claim(toy.key)
    assert claim.state is State.DELIVERED
    assert claim.delivered["toy"].number == held.number
    assert claim.intent is None


async def steps_of(is_keyed: bool, *toys: Toy) -> int:
    """How many steps the last of these deliveries takes when nothing goes wrong."""
    workshop = Workshop(is_keyed)
    for toy in toys:
        await workshop.deliver(toy)
    return workshop.steps.done


@KEYED
@pytest.mark.parametrize("faults", PAIRS)
async def test_a_lost_answer_makes_no_second_document_and_leaves_none_half_made(
    is_keyed: bool, faults: tuple[str, str]
) -> None:
    workshop = Workshop(is_keyed)
    workshop.archive.faults = list(faults)
    await workshop.deliver(RED)
    await holds(workshop, RED)


@KEYED
@pytest.mark.parametrize("faults", PAIRS)
async def test_a_change_arrives_whatever_became_of_the_tries_before(
    is_keyed: bool, faults: tuple[str, str]
) -> None:
    workshop = Workshop(is_keyed)
    await workshop.deliver(RED)
    workshop.archive.faults = list(faults)
    await workshop.deliver(BLUE)
    await holds(workshop, BLUE)


@KEYED
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_record_that_changed_while_its_answer_was_lost_is_amended_not_made_again(
    is_keyed: bool, fault: str
) -> None:
    workshop = Workshop(is_keyed)
    workshop.archive.faults = [fault]
    workshop.toys["42"] = RED
    await workshop.worker().deliver(workshop.message("42"))
    workshop.toys["42"] = BLUE
    await workshop.settle()
    await workshop.deliver(BLUE)
    await holds(workshop, BLUE)


@KEYED
@pytest.mark.parametrize("fault", ["", "late"])
async def test_a_process_that_dies_at_any_step_leaves_nothing_lost_or_doubled(
    is_keyed: bool, fault: str
) -> None:
    for step in range(1, await steps_of(is_keyed, RED) + 1):
        workshop = Workshop(is_keyed)
        workshop.archive.faults = [fault]
        await workshop.deliver(RED, dies_at=step)
        await holds(workshop, RED)


@KEYED
async def test_a_process_that_dies_at_any_step_of_a_change_leaves_it_made_once(
    is_keyed: bool,
) -> None:
    for step in range(1, await steps_of(is_keyed, RED, BLUE) + 1):
        workshop = Workshop(is_keyed)
        await workshop.deliver(RED)
        await workshop.deliver(BLUE, dies_at=step)
        await holds(workshop, BLUE)


@KEYED
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_change_that_is_taken_back_while_its_answer_was_lost_is_undone(
    is_keyed: bool, fault: str
) -> None:
    workshop = Workshop(is_keyed)
    await workshop.deliver(RED)
    workshop.archive.faults = [fault]
    workshop.toys["42"] = BLUE
    await workshop.worker().deliver(workshop.message("42"))
    workshop.toys["42"] = AGAIN
    await workshop.settle()
    await workshop.deliver(AGAIN)
    await holds(workshop, AGAIN)


@KEYED
async def test_a_change_that_is_taken_back_is_undone_wherever_the_process_died(
    is_keyed: bool,
) -> None:
    for step in range(1, await steps_of(is_keyed, RED, BLUE) + 1):
        workshop = Workshop(is_keyed)
        await workshop.deliver(RED)
        await workshop.deliver(BLUE, dies_at=step, then=AGAIN)
        await holds(workshop, AGAIN)


@KEYED
@pytest.mark.parametrize("fault", FAULTS)
async def test_what_was_given_up_is_gone_wherever_the_process_died(
    is_keyed: bool, fault: str
) -> None:
    for step in range(await steps_of(is_keyed, RED, GONE) + 1):
        workshop = Workshop(is_keyed)
        await workshop.deliver(RED)
        workshop.archive.faults = [fault]
        await workshop.deliver(GONE, dies_at=step)
        assert workshop.archive.there() == []
        assert (await workshop.claim("42")).state is State.CANCELLED


@KEYED
@pytest.mark.parametrize("fault", FAULTS[1:])
async def test_what_was_given_up_while_its_answer_was_lost_is_looked_for_first(
    is_keyed: bool, fault: str
) -> None:
    workshop = Workshop(is_keyed)
    workshop.archive.faults = [fault]
    workshop.toys["42"] = RED
    await workshop.worker().deliver(workshop.message("42"))
    workshop.toys["42"] = GONE
    await workshop.settle()
    assert workshop.archive.there() == []


@pytest.mark.parametrize("fault", ["throttled", "refused"])
async def test_a_write_that_was_refused_whole_is_not_looked_for(fault: str) -> None:
    workshop = Workshop(is_keyed=True)
    workshop.archive.faults = [fault] * 3
    await workshop.deliver(RED)
    if fault == "refused":
        assert (await workshop.claim("42")).intent is None
        await workshop.deliver(RED)
        await workshop.deliver(RED)
        await workshop.deliver(RED)
    await holds(workshop, RED)
    assert workshop.archive.looks == 0


async def test_a_header_that_was_throttled_is_sent_again_without_a_look() -> None:
    workshop = Workshop(is_keyed=False)
    workshop.archive.faults = ["throttled"] * 3
    await workshop.deliver(RED)
    await holds(workshop, RED)
    assert workshop.archive.looks == 1


async def test_lines_that_were_throttled_are_looked_for_with_their_header() -> None:
    workshop = Workshop(is_keyed=False)
    workshop.archive.faults = ["", "throttled"]
    await workshop.deliver(RED)
    await holds(workshop, RED)
    assert workshop.archive.looks == 2


@pytest.mark.parametrize("fault", ["lost", "silent", "late"])
async def test_a_refusal_does_not_make_a_lost_answer_forgotten(fault: str) -> None:
    workshop = Workshop(is_keyed=True)
    workshop.archive.faults = [fault, "throttled", "refused"]
    workshop.toys["42"] = RED
    await workshop.worker().deliver(workshop.message("42"))
    before = (await workshop.claim("42")).intent
    workshop.toys["42"] = BLUE
    await workshop.settle()
    claim = await workshop.claim("42")
    assert claim.state is State.PARKED
    assert claim.intent is not None
    if fault == "lost":
        assert claim.intent == before
    await workshop.deliver(BLUE)
    await holds(workshop, BLUE)


@KEYED
@pytest.mark.parametrize("given_up", [BLUE, GONE], ids=["change", "removal"])
async def test_nothing_is_removed_while_what_was_sent_before_may_still_commit(
    is_keyed: bool, given_up: Toy
) -> None:
    workshop = Workshop(is_keyed)
    await workshop.deliver(RED)
    workshop.archive.faults = ["late"]
    workshop.toys["42"] = given_up
    await workshop.worker().deliver(workshop.message("42"))
    workshop.toys["42"] = GONE
    await workshop.worker().deliver(workshop.message("42", "replay"))
    await workshop.settle()
    assert workshop.archive.there() == []
    assert workshop.archive.overtaking == []


@pytest.mark.parametrize("fault", ["", "silent"])
async def test_a_document_with_our_number_is_looked_for_after_a_lost_answer_alone(
    fault: str,
) -> None:
    workshop = Workshop(is_keyed=True)
    workshop.archive.faults = [fault]
    workshop.toys["42"] = RED
    await workshop.worker().deliver(workshop.message("42"))
    assert workshop.archive.looks == 0
    await workshop.settle()
    await holds(workshop, RED)
    assert workshop.archive.looks == (1 if fault else 0)
    assert [one.method for one in workshop.archive.requests] == ["POST"]


@KEYED
async def test_two_deliveries_at_once_make_one_document(is_keyed: bool) -> None:
    workshop = Workshop(is_keyed)
    workshop.toys["42"] = RED
    body = workshop.message("42")
    await asyncio.gather(*(workshop.worker().deliver(body) for _ in range(3)))
    await workshop.settle()
    await holds(workshop, RED)
    posted = [one for one in workshop.archive.requests if one.path == "/toys"]
    assert len(posted) == 1


@KEYED
async def test_a_record_seen_again_costs_no_request(is_keyed: bool) -> None:
    workshop = Workshop(is_keyed)
    await workshop.deliver(RED)
    asked = len(workshop.archive.requests)
    await workshop.deliver(RED)
    assert len(workshop.archive.requests) == asked
    await holds(workshop, RED)


@KEYED
async def test_what_is_shown_is_what_is_sent(is_keyed: bool) -> None:
    workshop = Workshop(is_keyed)
    shown = list(ToyWrite(RED, workshop.archive).requests())
    await workshop.deliver(RED)
    assert workshop.archive.requests == shown


@KEYED
async def test_a_refusal_parks_and_a_replay_makes_it(is_keyed: bool) -> None:
    workshop = Workshop(is_keyed)
    workshop.archive.faults = ["refused"]
    await workshop.deliver(RED)
    claim = await workshop.claim("42")
    assert (claim.state, claim.reason) == (State.PARKED, "the toy is refused")
    await workshop.worker().deliver(workshop.message("42", "replay"))
    await workshop.settle()
    await holds(workshop, RED)


@KEYED
async def test_a_document_that_is_closed_parks_with_both_sides_and_stays_as_it_is(
    is_keyed: bool,
) -> None:
    workshop = Workshop(is_keyed)
    await workshop.deliver(RED)
    workshop.archive.documents[0].is_closed = True
    await workshop.deliver(BLUE)
    claim = await workshop.claim("42")
    assert claim.state is State.PARKED
    assert "is closed" in claim.reason
    assert workshop.archive.documents[0].body == {"colour": "red"}
