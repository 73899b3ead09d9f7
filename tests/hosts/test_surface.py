import inspect
import os
import subprocess
import sys
import typing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import azure.functions as func

from sync.engine.jobs import MINUTE
from sync.engine.queues import QUEUES
from sync.hosts.ncrontab import schedule
from sync.hosts.registered import (
    DeadLetterFunction,
    HttpFunction,
    QueueFunction,
    TimerFunction,
    registered,
)
from tests.hosts.surface import GOLDEN, app, surface

ROOT = Path(__file__).parents[2]
ANNOTATIONS = {
    "httpTrigger": func.HttpRequest,
    "timerTrigger": func.TimerRequest,
    "serviceBusTrigger": func.ServiceBusMessage,
}


MOST: Final = 14
"""Functions with a queue or a timer, whatever the number of flows: each is scaled by itself, is
watched by itself and costs by itself."""


def test_the_surface_is_the_one_that_was_agreed() -> None:
    assert surface() == GOLDEN.read_text(encoding="utf-8"), "if this is meant: make golden"


def test_the_functions_at_queues_and_timers_are_few_and_one_is_a_timer() -> None:
    functions = registered(app())
    assert sum(isinstance(function, TimerFunction) for function in functions) == 1
    assert sum(not isinstance(function, HttpFunction) for function in functions) <= MOST


def test_every_queue_has_a_function_and_one_for_its_dead_letters() -> None:
    functions = registered(app())
    for kind in (QueueFunction, DeadLetterFunction):
        assert [each.queue for each in functions if isinstance(each, kind)] == list(QUEUES)


def test_the_timer_comes_every_minute() -> None:
    (timer,) = (each for each in registered(app()) if isinstance(each, TimerFunction))
    midnight = datetime(2026, 11, 1, tzinfo=UTC)
    assert schedule(timer.schedule).after(midnight) == midnight + MINUTE


def test_parameters_bear_the_bindings_names_and_types_as_the_functions_worker_demands() -> None:
    for function in app().get_functions():
        handler, trigger = function.get_user_function(), function.get_trigger()
        assert trigger is not None
        bound = {binding.name for binding in function.get_bindings()} - {"$return"}
        assert set(inspect.signature(handler).parameters) - {"context"} == bound == {trigger.name}
        annotations = typing.get_type_hints(handler)
        assert annotations.get("context", func.Context) is func.Context
        assert annotations[trigger.name] is ANNOTATIONS[str(trigger.type)]
        answers = trigger.type == "httpTrigger"
        assert annotations["return"] is (func.HttpResponse if answers else type(None))
        assert inspect.iscoroutinefunction(handler)


def test_nothing_runs_when_an_instance_starts_and_bodies_come_as_bytes() -> None:
    for function in app().get_functions():
        trigger = function.get_trigger()
        assert trigger is not None
        binding = trigger.get_dict_repr()
        assert not binding.get("runOnStartup")
        if binding["type"] == "serviceBusTrigger":
            assert binding["dataType"] is func.DataType.BINARY
            assert binding["connection"] == "SERVICE_BUS"


def test_the_app_is_imported_in_an_empty_environment_without_opening_anything() -> None:
    program = (
        "import sys\ntouched = []\nwatched = ('socket.connect', 'socket.bind', 'sqlite3.connect',"
        " 'subprocess.Popen')\nsys.addaudithook(lambda event, arguments: touched.append(event) if"
        " event in watched else None)\nimport function_app\nassert not touched, touched\nnames ="
        " [function.get_function_name() for function in function_app.app.get_functions()]\nassert"
        " {'receive_webhook', 'receive_events', 'health', 'deliver_documents'} <= set(names),"
        " names\n"
    )
    system = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    done = subprocess.run(  # noqa: S603 - our own interpreter on our own program
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        env=system,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
