"""Tasks of a hundred deliveries at once: one request to make them and one to complete them, each
row written once or refused for itself."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from sandbox.dials import Kind
from sync.core.errors import AlreadyExists, Later, Never, Paused, Unknown
from sync.dataverse.documents.task import Task
from sync.dataverse.tasks import task_ended
from sync.dataverse.web_api import id_of
from sync.dynamics.refusals import NotFound
from tests.dataverse.environment import Environment, in_environment

NAMES = [str(number) for number in range(100)]


def task_of(name: str, **more: str) -> Task:
    return Task("tasks", id_of("task", name), {"subject": name, **more})


async def made(env: Environment, *tasks: Task) -> list[type[BaseException] | str]:
    """What each delivery hears: the id of its row, or what it raised."""
    until = env.clock.now() + timedelta(minutes=1)
    create = env.client.tasks.create
    told = await asyncio.gather(
        *(create(one, not_after=until) for one in tasks), return_exceptions=True
    )
    return [type(one) if isinstance(one, BaseException) else one.row_id for one in told]


@in_environment
async def test_a_hundred_tasks_are_one_request(env: Environment) -> None:
    told = await made(env, *map(task_of, NAMES))
    assert told == [id_of("task", name) for name in NAMES]
    assert [one.url.path.rpartition("/")[2] for one in env.asked] == ["$batch"]
    assert {row["subject"] for row in env.state.tables["tasks"].values()} == {*NAMES}


@in_environment
async def test_a_hundred_tasks_are_completed_by_one_request(env: Environment) -> None:
    await made(env, *map(task_of, NAMES[1:]))
    env.asked.clear()
    until = env.clock.now() + timedelta(minutes=1)
    over = [task_ended(replace(task_of(one), is_over=True), is_active=True) for one in NAMES]
    ended = (env.client.tasks.end(one, not_after=until) for one in over)
    told = await asyncio.gather(*ended, return_exceptions=True)
    assert [one.url.path.rpartition("/")[2] for one in env.asked] == ["$batch"]
    assert isinstance(told[0], NotFound), "what is not there stops no other"
    assert told[1:] == [None] * 99
    assert {row["statecode"] for row in env.state.tables["tasks"].values()} == {1}


@in_environment
async def test_a_row_that_is_refused_stops_no_other(env: Environment) -> None:
    await made(env, task_of("there"))
    assert env.asked[-1].headers["If-None-Match"] == "*", "one alone needs no batch"
    told = await made(env, task_of("there"), task_of("odd", colour="red"), task_of("sound"))
    assert told == [AlreadyExists, Never, id_of("task", "sound")]
    subjects = [row["subject"] for row in env.state.tables["tasks"].values()]
    assert subjects == ["there", "sound"]


@in_environment
async def test_a_lost_answer_is_unknown_to_all_and_makes_no_second_row(env: Environment) -> None:
    env.dials.next(Kind.LOST, writes=True)
    assert await made(env, task_of("a"), task_of("b")) == [Unknown, Unknown]
    assert await made(env, task_of("a"), task_of("b")) == [AlreadyExists, AlreadyExists]
    assert len(env.state.tables["tasks"]) == 2


@in_environment
async def test_a_busy_environment_makes_none_of_them(env: Environment) -> None:
    env.dials.next(Kind.THROTTLE, seconds=7)
    assert await made(env, task_of("a"), task_of("b")) == [Paused, Paused]
    assert not env.state.tables["tasks"]


@in_environment
async def test_what_waits_as_the_process_stops_is_sent_later(env: Environment) -> None:
    waits = asyncio.ensure_future(made(env, task_of("a"), task_of("b")))
    await asyncio.sleep(0)
    await env.client.aclose()
    assert await waits == [Later, Later]
    assert not env.asked
