import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.config.file.toml_lines import Lines, Path

EVERY_KIND = '''# a comment with [a.header] and key = 1
[a]
x = """a
# = [b]
""\\" """ # after
"q.k" . z = {u = 1, v.w = [1,
  2]}
y = ['a#b', "c]", """d""", 1979-05-27 07:32:00]
[[l.m]]
k = 1
[[l.m]]
k = """x"""""
[l.m.sub]
z = \'\'\'
it's\'\'\'
[a.b.c]
d = 'e'
[ a . "b" ]
f = true
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 2),
        (("a", "x"), 3),
        (("a", "q.k"), 6),
        (("a", "q.k", "z"), 6),
        (("a", "q.k", "z", "v", "w", "1"), 7),
        (("a", "y", "3"), 8),
        (("l", "m"), 9),
        (("l", "m", "0", "k"), 10),
        (("l", "m", "1"), 11),
        (("l", "m", "1", "k"), 12),
        (("l", "m", "1", "sub"), 13),
        (("l", "m", "1", "sub", "z"), 14),
        (("a", "b", "c", "d"), 17),
        (("a", "b"), 18),
        (("a", "b", "f"), 19),
        (("a", "b", "absent"), 18),
        (("absent",), 1),
    ],
)
def test_every_kind_of_key_and_value_is_found_on_its_line(path: Path, line: int) -> None:
    tomllib.loads(EVERY_KIND)
    assert Lines(EVERY_KIND).of(path) == line


def test_lines_that_end_as_on_windows_count_the_same() -> None:
    assert Lines(EVERY_KIND.replace("\n", "\r\n")).of(("a", "b", "f")) == 19


def test_the_header_of_a_table_wins_over_a_mention_of_it_above() -> None:
    assert Lines("[a.b]\nx = 1\n[a]\ny = 2\n").of(("a", "missing")) == 3


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8)
_VALUES: st.SearchStrategy[Any] = st.one_of(
    _TEXT.map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'),
    st.sampled_from(
        [
            "1",
            "-2.5",
            "true",
            "1979-05-27",
            "[]",
            "{}",
            "[ # ]\n]",
            '["]", "#"]',
            "{ a = 1 }",
            '"""\n\n"""',
        ]
    ),
)


@given(st.lists(_VALUES, max_size=8))
def test_whatever_values_stand_before_it_a_key_is_found(values: list[str]) -> None:
    before = "".join(f"k{index} = {value}\n" for index, value in enumerate(values))
    text = f"{before}sought = 1\nafter = 2\n"
    tomllib.loads(text)
    assert Lines(text).of(("sought",)) == before.count("\n") + 1
