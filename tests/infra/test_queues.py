from typing import Any

import pytest

from sync.adapters.queue_limits import QUEUE
from sync.app.embedded import LOCK
from sync.engine.claim import LEASE
from sync.engine.queues import BUSINESS_EVENTS, QUEUES
from sync.hosts.registered import QueueFunction, registered
from sync.pacing.retry import WAITS
from tests.hosts.surface import app
from tests.infra.bicep import bicep
from tests.infra.queues import DUPLICATES, GOLDEN, LIFE, iso, queues, text


def test_the_queues_that_are_deployed_are_those_of_the_code() -> None:
    assert text() == GOLDEN.read_text(encoding="utf-8"), "if this is meant: make golden"


def test_every_function_with_a_queue_finds_it_and_no_queue_is_without_a_function() -> None:
    triggers = {
        function.queue for function in registered(app()) if isinstance(function, QueueFunction)
    }
    assert triggers == {queue["name"] for queue in queues()}


def test_bicep_sets_all_that_is_generated_and_nothing_else() -> None:
    properties: Any = bicep("bus").body("queue")["properties"]
    (generated,) = {frozenset(queue) - {"name"} for queue in queues()}
    assert set(properties) == generated
    for name, value in properties.items():
        assert value == {
            "operator": {
                "type": "property_accessor",
                "operands": {"operand_1": "each", "operand_2": name},
            }
        }


@pytest.mark.parametrize("queue", queues(), ids=lambda queue: str(queue["name"]))
def test_service_bus_standard_takes_every_queue(queue: dict[str, Any]) -> None:
    assert QUEUE.fullmatch(queue["name"])
    assert 1 <= queue["maxDeliveryCount"] <= 2000
    assert queue["maxSizeInMegabytes"] in {1024, 2048, 3072, 4096, 5120}
    assert queue["lockDuration"] in {f"PT{minutes}M" for minutes in range(1, 6)}


def test_nothing_of_f_and_os_is_dropped_as_a_duplicate() -> None:
    detects = {queue["name"]: queue["requiresDuplicateDetection"] for queue in queues()}
    assert detects == dict.fromkeys(QUEUES, True) | {BUSINESS_EVENTS: False}


def test_a_message_lives_longer_than_it_can_ever_wait() -> None:
    assert sum(WAITS, start=LEASE) < LIFE


def test_a_dead_workers_message_comes_back_before_its_lease_has_ended() -> None:
    assert LOCK <= LEASE


def test_ids_are_remembered_for_as_long_as_a_lease_or_longer() -> None:
    assert DUPLICATES >= LEASE


def test_lengths_are_written_as_azure_writes_them() -> None:
    assert [iso(length) for length in (LOCK, DUPLICATES, LIFE)] == ["PT1M", "PT10M", "P14D"]
