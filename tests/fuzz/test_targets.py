"""The kept corpus, and what is made of it, goes through every target: no input is a fault."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.edge import engine
from tests.fuzz.findings import CORPUS
from tests.fuzz.targets import TARGETS

PIECES: Final = (
    b'"', b"{", b"}", b"[", b",", b":", b"\\", b"\0", b"\r\n", b"\r\n\r\n", b"--b", b"--", b"=",
    b"1e999", b"-1", b"null", b"\\ud800", b"\xff", b"\xe2\x80\xae", b"@x.example", b"%1", b"\t",
    b"Content-Length: 5", b"HTTP/1.1 ", b"Transfer-Encoding: chunked", b"boundary=", b"9" * 400,
)  # fmt: skip
LARGEST_CUT: Final = 40


@pytest.fixture(scope="module", autouse=True)
def nothing_left_open() -> Iterator[None]:
    yield
    engine().close()


def kept(target: str) -> list[Path]:
    return sorted((CORPUS / target).iterdir())


@st.composite
def changed(draw: st.DrawFn, target: str) -> bytes:
    """An input of the corpus with a few cuts, each filled with a piece or with bytes."""
    found = draw(st.sampled_from([path.read_bytes() for path in kept(target)]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(found)))
        end = start + draw(st.integers(0, LARGEST_CUT))
        filling = draw(st.sampled_from(PIECES) | st.binary(max_size=8))
        found = found[:start] + filling + found[end:]
    return found


def test_every_target_has_a_corpus_and_every_corpus_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    assert all(kept(target) for target in TARGETS)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        pytest.param(target, path, id=f"{target}/{path.name}")
        for target in TARGETS
        for path in kept(target)
    ],
)
def test_what_was_once_found_is_no_fault(target: str, path: Path) -> None:
    TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_made_of_the_corpus_is_no_fault(target: str) -> None:
    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(changed(target))
    def runs(data: bytes) -> None:
        TARGETS[target](data)

    runs()
