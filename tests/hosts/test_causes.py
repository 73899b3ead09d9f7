import pytest

from sync.core.errors import Later
from sync.hosts.causes import cause
from sync.hosts.ncrontab import schedule


def test_our_own_words_are_told() -> None:
    assert cause(Later("order 42 is locked")) == "Later: order 42 is locked"


def test_of_other_peoples_exceptions_only_kind_and_place_are_told() -> None:
    with pytest.raises(AttributeError) as caught:
        schedule(None)  # type: ignore[arg-type]
    assert cause(caught.value).startswith(
        "AttributeError at sync/hosts/ncrontab.py:"
    ) or "ncrontab.py:" in cause(caught.value)
    assert "NoneType" not in cause(caught.value)


def test_a_group_is_told_by_its_first_cause() -> None:
    assert (
        cause(ExceptionGroup("jane@example.com", [ExceptionGroup("inner", [KeyError("jane")])]))
        == "KeyError"
    )
