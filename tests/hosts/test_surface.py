import inspect
import os
import subprocess
import sys
import typing
from pathlib import Path

import azure.functions as func
import pytest

from sync.engine.flow import Poll
from sync.flows import FLOWS
from sync.hosts.ncrontab import schedule
from tests.hosts.surface import GOLDEN, app_of, surface
from tests.hosts.toys import toy

ROOT = Path(__file__).parents[2]
ANNOTATIONS = {
    "httpTrigger": func.HttpRequest,
    "timerTrigger": func.TimerRequest,
    "serviceBusTrigger": func.ServiceBusMessage,
}


def test_every_flow_adds_a_timer_and_two_queue_functions_to_those_that_are_always_there() -> None:
    assert (
        surface([toy("orders"), toy("stock", "30 */10 * * * *")])
        == "receive_webhook         http POST      /api/webhooks/{connection}/{flow}  anonymous\n"
        "receive_events          http GET,POST  /api/events/{connection}           anonymous\n"
        "receive_business_event  http POST      /api/business-events/{connection}  function\n"
        "take_business_event     queue          business-events\n"
        "health                  http GET       /api/health                        function\n"
        "monitor                 timer          20 */5 * * * *\n"
        "tidy                    timer          0 40 3 * * *\n"
        "poll_orders             timer          0 */5 * * * *\n"
        "deliver_orders          queue          orders\n"
        "park_orders             dead letters   orders\n"
        "poll_stock              timer          30 */10 * * * *\n"
        "deliver_stock           queue          stock\n"
        "park_stock              dead letters   stock\n"
    )


def test_the_surface_of_the_real_flows_is_the_one_that_was_agreed() -> None:
    assert surface(FLOWS) == GOLDEN.read_text(encoding="utf-8"), "if this is meant: make golden"


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_every_schedule_is_one_that_comes_due(flow: typing.Any) -> None:
    poll = flow.trigger(Poll)
    assert poll is None or schedule(poll.schedule).text == poll.schedule


def test_parameters_bear_the_bindings_names_and_types_as_the_functions_worker_demands() -> None:
    for function in app_of([toy("orders")]).get_functions():
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
    for function in app_of([toy("orders")]).get_functions():
        trigger = function.get_trigger()
        assert trigger is not None
        binding = trigger.get_dict_repr()
        assert not binding.get("runOnStartup")
        if binding["type"] == "serviceBusTrigger":
            assert binding["dataType"] is func.DataType.BINARY
            assert binding["connection"] == "SERVICE_BUS"


def test_two_flows_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="poll_orders"):
        app_of([toy("orders"), toy("orders")]).get_functions()


def test_the_app_is_imported_in_an_empty_environment_without_opening_anything() -> None:
    program = (
        "import sys\ntouched = []\nwatched = ('socket.connect', 'socket.bind', 'sqlite3.connect',"
        " 'subprocess.Popen')\nsys.addaudithook(lambda event, arguments: touched.append(event) if"
        " event in watched else None)\nimport function_app\nassert not touched, touched\nnames ="
        " [function.get_function_name() for function in function_app.app.get_functions()]\nassert"
        " {'receive_webhook', 'receive_events', 'health', 'deliver_orders'} <= set(names), names\n"
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
