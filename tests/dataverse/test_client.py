"""The client against the rules of the Web API: conditions, batches, refusals, pages, and what must
not stand in a URL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.dials import Kind
from sync.core.errors import (
    AlreadyExists,
    Later,
    Never,
    NotProvided,
    Paused,
    SignInRefused,
    Unknown,
)
from sync.dataverse import rows_client
from sync.dataverse.cases import case_made, note_id, note_made, opened, resolved
from sync.dataverse.documents.case import COLUMNS, Case, Customer, Note
from sync.dataverse.web_api import changed, created, id_of
from sync.dynamics.refusals import NotFound
from tests.dataverse.environment import Environment, in_environment

SOON = timedelta(minutes=1)
CASE_ID = id_of("case", "shop", "return|000000003@1")
FIRST, SECOND = Note("asked", "Requested", "1 x TEE"), Note("status:closed", "Closed", "closed")


def case_of(env: Environment, **changes: object) -> Case:
    columns = {"casetypecode": 3, "caseorigincode": 3}
    made = Case(CASE_ID, "Return 3", "Order 42", columns, Customer("accounts", env.account))
    return replace(made, **changes)  # type: ignore[arg-type]


@in_environment
async def test_a_case_is_made_once_under_an_id_of_ours(env: Environment) -> None:
    soon = env.clock.now() + SOON
    made = await env.client.cases.create(case_of(env), not_after=soon)
    assert (made.row_id, made.state, made.label) == (CASE_ID, 0, "In Progress")
    assert made.number.startswith("CAS-")
    assert env.asked[-1].headers["If-None-Match"] == "*"
    with pytest.raises(AlreadyExists):
        await env.client.cases.create(case_of(env, title="another"), not_after=soon)
    (row,) = env.state.tables["incidents"].values()
    assert (row["title"], row["customerid"]) == ("Return 3", env.account)


@in_environment
async def test_notes_go_together_or_not_at_all(env: Environment) -> None:
    soon, cases = env.clock.now() + SOON, env.client.cases
    await cases.create(case_of(env), not_after=soon)
    await cases.change([note_made(CASE_ID, FIRST)], not_after=soon)
    with pytest.raises(Later, match="made meanwhile"):
        await cases.change([note_made(CASE_ID, one) for one in (SECOND, FIRST)], not_after=soon)
    assert await cases.note_ids(CASE_ID) == {note_id(CASE_ID, FIRST)}
    third = Note("third", "Third", "x")
    await cases.change([note_made(CASE_ID, one) for one in (SECOND, third)], not_after=soon)
    assert len(await cases.note_ids(CASE_ID)) == 3


@in_environment
async def test_a_case_is_resolved_by_its_action_and_opened_by_its_state(env: Environment) -> None:
    soon, cases = env.clock.now() + SOON, env.client.cases
    await cases.create(case_of(env), not_after=soon)
    await cases.change([resolved(CASE_ID, "Return closed", 5)], not_after=soon)
    found = await cases.get(CASE_ID)
    assert found is not None
    assert (found.is_active, found.status, found.label) == (False, 5, "Problem Solved")
    with pytest.raises(Never, match="closed"):
        await cases.change([resolved(CASE_ID, "again", 5)], not_after=soon)
    await cases.change([opened(CASE_ID)], not_after=soon)
    await cases.change([opened(CASE_ID)], not_after=soon)
    found = await cases.get(CASE_ID)
    assert found is not None
    assert found.is_active


@in_environment
async def test_a_change_creates_nothing(env: Environment) -> None:
    soon = env.clock.now() + SOON
    write = changed("incidents", id_of("nobody"), {"title": "x"})
    with pytest.raises(NotFound):
        await env.client.send(write, not_after=soon)
    assert not env.state.tables["incidents"]
    assert await env.client.cases.get(id_of("nobody")) is None


@in_environment
async def test_changes_are_listed_from_a_moment_on_page_by_page(env: Environment) -> None:
    for number in range(3):
        customer = {"customerid_account": env.account}
        env.state.create("incidents", id_of(str(number)), {"title": str(number), **customer})
        env.clock.at += timedelta(seconds=10)
    begin = env.clock.at - timedelta(seconds=20, microseconds=-1)
    page, rows_client.PAGE = rows_client.PAGE, 1  # type: ignore[misc]
    try:
        found = [one async for one in env.client.cases.modified_since(begin)]
    finally:
        rows_client.PAGE = page  # type: ignore[misc]
    assert [one.row_id for one in found] == [id_of("1"), id_of("2")]


@in_environment
async def test_an_address_of_a_person_stands_in_no_url(env: Environment) -> None:
    email = "o'neil+tag@example.com"
    who = env.state.create("contacts", None, {"lastname": "O'Neil", "emailaddress1": email})
    assert await env.client.customers.contacts(email) == [Customer("contacts", who["contactid"])]
    assert await env.client.customers.contacts("nobody@example.com") == []
    assert not [one for one in env.asked if "example" in str(one.url)]
    found = await env.client.customers.accounts("accountnumber", "us-001")
    assert found == [Customer("accounts", env.account)]


@in_environment
async def test_a_row_with_a_key_that_is_there_is_refused_whatever_its_id(env: Environment) -> None:
    soon = env.clock.now() + SOON
    env.state.keys = {"incidents": (("new_shopkey",),)}
    columns = {"new_shopkey": "shop return|000000003@1"}
    await env.client.cases.create(case_of(env, columns=columns), not_after=soon)
    other = case_of(env, row_id=id_of("another"), columns=columns)
    with pytest.raises(AlreadyExists):
        await env.client.cases.create(other, not_after=soon)
    assert len(env.state.tables["incidents"]) == 1


@in_environment
async def test_refusals_say_what_happens_next(env: Environment) -> None:
    soon, cases = env.clock.now() + SOON, env.client.cases
    env.state.denied = {"prvCreateIncident"}
    with pytest.raises(NotProvided) as refused:
        await cases.create(case_of(env), not_after=soon)
    assert "prvCreateIncident" in refused.value.remedy
    env.state.denied = set()
    misnamed = created("incidents", CASE_ID, {"title": "x", "new_nothing": 1})
    with pytest.raises(Never, match="create incidents: Dataverse answered 400") as unknown:
        await env.client.create(misnamed, COLUMNS, not_after=soon)
    assert "check" in unknown.value.remedy
    with pytest.raises(NotProvided):
        await env.client.send(created("nothings", CASE_ID, {}), not_after=soon)
    env.dials.next(Kind.THROTTLE, seconds=7)
    with pytest.raises(Paused, match="Dataverse") as paused:
        await cases.get(CASE_ID)
    assert paused.value.after == timedelta(seconds=7)


@in_environment
async def test_a_write_whose_answer_is_lost_is_unknown(env: Environment) -> None:
    soon, cases = env.clock.now() + SOON, env.client.cases
    env.dials.next(Kind.LOST, writes=True)
    with pytest.raises(Unknown, match="no answer from Dataverse"):
        await cases.create(case_of(env), not_after=soon)
    with pytest.raises(AlreadyExists):
        await cases.create(case_of(env), not_after=soon)
    env.dials.next(Kind.ERROR_BEFORE, status=503)
    with pytest.raises(Later) as away:
        await cases.get(CASE_ID)
    assert away.value.is_outage
    with pytest.raises(Later, match=r"not sent|time|late"):
        await cases.change([opened(CASE_ID)], not_after=env.clock.now() - SOON)


@in_environment
async def test_who_has_no_user_there_is_told_where_to_add_one(env: Environment) -> None:
    env.state.tokens = {"another"}
    with pytest.raises(SignInRefused) as refused:
        await env.client.cases.get(CASE_ID)
    assert "application user" in refused.value.remedy
    assert env.issuer.renewals == 1


@in_environment
async def test_the_environment_describes_its_columns(env: Environment) -> None:
    assert {"ticketnumber", "customerid", "statuscode"} <= await env.client.columns_of("incident")


def test_a_case_says_no_more_than_it_must() -> None:
    case = Case(CASE_ID, "t" * 300, "d", {}, Customer("contacts", CASE_ID))
    body = case_made(case).body
    assert body is not None
    assert len(body["title"]) == 200
    assert body["customerid_contact@odata.bind"] == f"/contacts({CASE_ID})"
