"""The alerts look for words that the code writes, and read them as the code writes them."""

import ast
import json
import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from sync.core.errors import Paused
from sync.hosts.registered import HttpFunction, Registered, registered
from tests.hosts.surface import app
from tests.infra.bicep import bicep
from tests.source import log_calls

ROOT = Path(__file__).parents[2]
LOOKED_FOR = re.compile(r'Message contains "([^"]+)"')
AZURES = {"functions-fail", "log-is-capped"}
"""Alerts that read what Azure writes."""
OF_THEIR_OWN = {
    "parked": "records-are-parked", "behind": "flow-is-behind", "waiting": "messages-wait",
    "dead": "dead-letters", "away": "system-is-away", "paused": "flow-is-paused",
}  # fmt: skip
"""Alerts of the product for which a rule of Azure reads the log's other lines, by kind."""
TAKEN = re.compile(r'extract\(@"([^"]+)"')


def rules() -> dict[str, Any]:
    return {rule["name"]: rule for rule in bicep("alerts").tree["variables"]["rules"]["value"]}


def query(name: str) -> str:
    """The query's text; how many seconds are too long is left as a mark."""
    found = rules()[name]["query"]
    named = found["function"]["parameters"]["original_string"] if isinstance(found, dict) else found
    return str(bicep("alerts").tree["variables"][named]["value"])


@cache
def lines_of_the_code() -> tuple[str, ...]:
    """Every log line's words, with a sample where a value goes."""
    calls = [call for module, call in log_calls() if module.name.startswith("sync")]
    words = [call.args[0] if call.args else None for call in calls]
    return tuple(
        one.value.replace("%s", "word").replace("%d", "90")
        for one in words
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )


def reported(*phrases: str) -> list[str]:
    return [
        line
        for line in (*lines_of_the_code(), pause())
        if any(phrase in line for phrase in phrases)
    ]


def pause() -> str:
    """What a delivery or a poll says when a system asked for quiet."""
    return (
        "orders.waits key=1@1 attempt=1 s=30"
        f" reason={Paused('Dynamics at host', after=timedelta(seconds=30)).reason}"
    )


def test_every_word_that_is_looked_for_is_written_by_the_code() -> None:
    for name in rules().keys() - AZURES:
        phrases = LOOKED_FOR.findall(query(name))
        assert phrases, name
        for phrase in phrases:
            assert reported(phrase), (name, phrase)


def test_what_is_taken_out_of_a_line_is_in_it() -> None:
    taking = [name for name in rules() if TAKEN.search(query(name))]
    assert taking
    for name in taking:
        for line in reported(*LOOKED_FOR.findall(query(name))):
            for pattern in TAKEN.findall(query(name)):
                assert re.search(pattern, line), (name, pattern, line)


def test_a_pause_is_told_with_the_system_that_asked_for_it() -> None:
    (pattern,) = TAKEN.findall(query("system-asks-for-pauses"))
    found = re.search(pattern, pause())
    assert found
    assert found[1] == "Dynamics at host"


def test_an_alert_is_split_by_a_column_that_its_query_has() -> None:
    for name, rule in rules().items():
        column = rule["dimension"]
        is_azures = column in ("", "OperationName")
        assert is_azures or re.search(rf"\b{column} = ", query(name)), name


def test_what_must_wake_somebody_does() -> None:
    severities = {name: rule["severity"] for name, rule in rules().items()}
    assert severities == {
        "messages-wait": 1, "flow-is-behind": 1, "app-is-silent": 1, "log-is-capped": 1,
        "sign-in-refused": 1, "system-is-away": 1, "flow-stands-still": 1, "fields-are-lost": 1,
        "functions-fail": 2, "callers-are-turned-away": 2, "monitoring-is-blind": 2,
        "system-asks-for-pauses": 3, "records-are-parked": 3, "flow-is-paused": 3,
        "source-is-silent": 3,
    }  # fmt: skip


def test_silence_is_noticed_and_all_else_is_counted() -> None:
    for name, rule in rules().items():
        assert rule["operator"] == ("LessThan" if name == "app-is-silent" else "GreaterThan")


def test_refused_callers_are_no_failure_of_ours() -> None:
    assert "and not(Status between (400 .. 499))" in query("functions-fail")


def test_every_alert_of_the_product_is_told_by_azure_too() -> None:
    """`messages-wait` and others see in the log what the product sees in its tables."""
    kinds = {*re.findall(r'"(\w+)"', query("fields-are-lost").partition("Kind in ")[2])}
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    listed = re.search(r"^## Alerts$(.+?)^## ", runbook, re.DOTALL | re.MULTILINE)
    assert listed is not None
    assert kinds | OF_THEIR_OWN.keys() == {*re.findall(r"^\| `(\w+)` \|", listed[1], re.MULTILINE)}
    assert rules().keys() | {"dead-letters"} >= {*OF_THEIR_OWN.values()}


def test_an_error_that_a_function_returns_is_a_failure_although_the_host_counts_success() -> None:
    assert "(Success == false or Status >= 500)" in query("functions-fail")


def test_the_app_tells_itself_of_callers_that_it_could_not_serve() -> None:
    looked_for = LOOKED_FOR.findall(query("callers-are-turned-away"))
    events = {phrase.partition(" ")[0] for phrase in looked_for}
    assert events == {
        "intake.not_stored", "intake.out_of_time", "intake.keys_unreachable",
        "business_events.not_stored",
        "host.not_open", "host.unconfigured", "host.held",
    }  # fmt: skip


def test_dead_letters_are_noticed_in_every_queue() -> None:
    (criterion,) = bicep("alerts").body("deadLetters")["properties"]["criteria"]["allOf"]
    assert (criterion["metricName"], criterion["operator"], criterion["threshold"]) == (
        "DeadletteredMessages", "GreaterThan", 0,
    )  # fmt: skip
    assert criterion["dimensions"] == [
        {"name": "EntityName", "operator": "Include", "values": ["*"]}
    ]


def test_a_queue_that_stands_still_is_noticed_although_nothing_is_logged() -> None:
    (criterion,) = bicep("alerts").body("standingQueues")["properties"]["criteria"]["allOf"]
    assert (criterion["metricName"], criterion["timeAggregation"], criterion["threshold"]) == (
        "ActiveMessages", "Minimum", 0,
    )  # fmt: skip
    assert criterion["dimensions"] == [
        {"name": "EntityName", "operator": "Include", "values": ["*"]}
    ]


def test_a_log_that_has_reached_its_cap_says_so() -> None:
    assert "_LogOperation" in query("log-is-capped")
    assert '"OverQuota"' in query("log-is-capped")


def test_everybody_who_is_to_be_told_is_told_by_every_alert() -> None:
    log_alerts: Any = bicep("alerts").body("logAlerts")["properties"]
    assert log_alerts["actions"]["actionGroups"] == "actions"
    for name in ("deadLetters", "standingQueues"):
        metric: Any = bicep("alerts").body(name)["properties"]
        assert metric["actions"]["loop_type"]["detail"]["array_name"] == "actions"


def level(category: str) -> str:
    """The level from which the Functions host takes lines of a category: the longest name that
    begins it decides (learn.microsoft.com, azure-functions/configure-monitoring)."""
    levels: dict[str, str] = logging_settings()["logLevel"]
    fitting = [name for name in levels if f"{category}.".startswith(f"{name}.")]
    return levels[max(fitting, key=len, default="default")]


def logging_settings() -> Any:
    return json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["logging"]


@pytest.mark.parametrize("function", registered(app()), ids=lambda function: function.name)
def test_the_log_reaches_the_alerts_at_the_level_it_is_written_at(function: Registered) -> None:
    assert level("Worker") == "Information", "what is written outside an invocation"
    assert level(f"Function.{function.name}.User") == "Information"
    assert level("Host.Results") == "Information", "functions-fail reads requests"


@pytest.mark.parametrize("function", registered(app()), ids=lambda function: function.name)
def test_a_call_of_a_stranger_writes_no_lines_of_the_hosts_own(function: Registered) -> None:
    """Executing and Executed tell what the request tells. They are left out where anybody may
    call, and nowhere else."""
    is_open = isinstance(function, HttpFunction) and function.level == func.AuthLevel.ANONYMOUS
    assert level(f"Function.{function.name}") == ("Warning" if is_open else "Information")
    assert level("Host.Aggregator") == "Warning"


def test_no_line_that_an_alert_reads_is_left_out_by_sampling() -> None:
    """A sampled log would be thinnest when there is most to tell. Requests are sampled, for
    strangers make them: the alert that reads them counts what a row stands for."""
    sampling = logging_settings()["applicationInsights"]["samplingSettings"]
    assert sampling["isEnabled"] is True
    assert sampling["maxTelemetryItemsPerSecond"] == 20
    assert sampling["excludedTypes"].split(";") == ["Exception", "Trace"]
    readers = {name for name in rules() if "AppRequests" in query(name)}
    assert readers == {"functions-fail"}
    assert (
        query("functions-fail")
        .rstrip()
        .endswith("| mv-expand Each = range(1, ItemCount, 1) to typeof(int)")
    )
