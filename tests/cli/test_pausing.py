"""`pause`, `resume` and `paused`."""

import pytest

from tests.cli.running import Line


def test_a_pause_is_shown_with_who_and_why_until_it_is_resumed(home: Line) -> None:
    made = home("pause", "--flow", "orders", "--why", "closing", "--by", "ann", "--json")
    assert made.documents[0] | {"at": ""} == {
        "connection": "", "flow": "orders", "by": "ann", "at": "", "why": "closing",
        "is_new": True,
    }  # fmt: skip
    again = home("pause", "--flow", "orders", "--why", "other")
    assert "Paused already, by ann since" in again.out
    shown = home("paused", "--json").documents
    assert [(one["flow"], one["by"], one["why"]) for one in shown] == [("orders", "ann", "closing")]
    assert "closing" in home("paused").out
    assert "Resumed: orders of all connections" in home("resume", "--flow", "orders").out
    assert "Nothing is paused." in home("paused").out


def test_everything_is_paused_only_when_it_is_named(home: Line) -> None:
    refused = home("pause", "--why", "moving")
    assert refused.status == 2
    assert "--all" in refused.err
    assert "all flows of all connections" in home("pause", "--all", "--why", "moving").out
    missed = home("resume", "--flow", "orders")
    assert missed.status == 2
    assert "all flows of all connections" in missed.err
    assert home("resume", "--all").status == 0


@pytest.mark.parametrize("named", [("--flow", "nonsense"), ("--connection", "nonsense")])
def test_only_what_there_is_can_be_paused(home: Line, named: tuple[str, str]) -> None:
    refused = home("pause", *named, "--why", "closing")
    assert refused.status == 2
    assert "nonsense" in refused.err
