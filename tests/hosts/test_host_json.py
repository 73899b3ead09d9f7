import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from sync.core.places import PLACES
from sync.hosts.http import PREFIX
from sync.hosts.local import CONCURRENT_CALLS
from sync.hosts.pump import FUNCTION_TIMEOUT


def host() -> Any:
    return json.loads((Path(__file__).parents[2] / "host.json").read_text(encoding="utf-8"))


def span(text: str) -> timedelta:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def test_the_extension_bundle_is_the_one_with_the_service_bus_settings_below() -> None:
    assert host()["version"] == "2.0"
    assert host()["extensionBundle"]["version"] == "[4.*, 5.0.0)"


def test_the_local_host_keeps_the_functions_hosts_limits() -> None:
    service_bus = host()["extensions"]["serviceBus"]
    assert host()["extensions"]["http"]["routePrefix"] == PREFIX.strip("/")
    assert service_bus["maxConcurrentCalls"] == CONCURRENT_CALLS == PLACES
    assert service_bus["autoCompleteMessages"] is True
    assert span(host()["functionTimeout"]) == FUNCTION_TIMEOUT


def test_a_lock_is_renewed_for_as_long_as_a_function_may_run() -> None:
    assert span(host()["extensions"]["serviceBus"]["maxAutoLockRenewalDuration"]) == span(
        host()["functionTimeout"]
    )


def test_nothing_waits_under_a_lock_before_it_is_worked_on() -> None:
    assert host()["extensions"]["serviceBus"]["prefetchCount"] == 0
