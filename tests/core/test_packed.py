"""Packed texts are what a dict of texts is."""

from hypothesis import given
from hypothesis import strategies as st

from sync.core.packed import Packed

KEYS = st.text(alphabet=["a", "B", "\\", "n", "t", "\n", "\t", "0", "1", "ü", "\ud800"], max_size=4)
VALUES = st.text(alphabet=["x", "0", "1", "\t", "é"], max_size=4)


@given(st.lists(st.tuples(KEYS, VALUES)), st.lists(KEYS))
def test_texts_are_kept_by_key_and_met_once(pairs: list[tuple[str, str]], met: list[str]) -> None:
    packed, wanted, before = Packed(), dict(pairs), set[str]()
    for key, value in pairs:
        packed.put(key, value)
    for key in met:
        assert packed.mark(key) == (wanted.get(key), key in before)
        before |= {key} & wanted.keys()
    assert {key: packed.get(key) for key in [*wanted, *met]} == {
        key: wanted.get(key) for key in [*wanted, *met]
    }
    assert (len(packed), sorted(packed.keys())) == (len(wanted), sorted(wanted))
    assert sorted(packed.keys(unmarked=True)) == sorted(wanted.keys() - before)


def test_a_text_that_is_kept_anew_has_not_been_met() -> None:
    packed = Packed()
    packed.put("a", "1")
    packed.mark("a")
    packed.put("a", "2")
    assert packed.mark("a") == ("2", False)


def test_a_key_that_is_put_while_keys_are_read_disturbs_nobody() -> None:
    packed = Packed()
    packed.put("a", "1")
    read = packed.keys()
    assert next(read) == "a"
    packed.put("b", "2")
    assert [*read] == []
