from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.encoding import from_json, to_json
from sync.dynamics import batch
from sync.dynamics.batch import BrokenBatch, Operation
from tests.dynamics.doubles import parts_of

UNIQUE = "0123456789abcdef0123456789abcdef"
DOCUMENTS = st.dictionaries(
    st.text(max_size=8), st.text(max_size=30) | st.integers() | st.none(), max_size=4
)
OPERATIONS = st.builds(
    Operation,
    st.sampled_from(["POST", "PATCH", "DELETE"]),
    st.sampled_from(["/data/A?cross-company=true", "https://env.test/data/B(Id='O%27%27B')"]),
    st.none() | DOCUMENTS.map(lambda document: to_json(document).replace(b"\x7f", b"")),
)


DOCUMENTED: Final = [
    "--batch_u",
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    "Content-ID: 1",
    "",
    "GET /data/Groups HTTP/1.1",
    "",
    "",
    "--batch_u",
    "Content-Type: multipart/mixed; boundary=changeset_u_2",
    "",
    "--changeset_u_2",
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    "Content-ID: 2",
    "",
    "POST https://env.test/data/Orders HTTP/1.1",
    "Accept: application/json",
    "Content-Type: application/json; charset=utf-8",
    "",
    '{"A":1}',
    "--changeset_u_2",
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    "Content-ID: 3",
    "",
    "DELETE /data/X(1) HTTP/1.1",
    "",
    "",
    "--changeset_u_2--",
    "",
    "--batch_u--",
    "",
]
"""A batch of a read and of a change set, line by line."""


def test_a_batch_is_written_as_f_and_o_documents_it() -> None:
    header = Operation(
        "POST", "https://env.test/data/Orders", b'{"A":1}', {"Accept": "application/json"}
    )
    kind, body = batch.write(
        [Operation("GET", "/data/Groups"), [header, Operation("DELETE", "/data/X(1)")]], "u"
    )
    assert kind == "multipart/mixed; boundary=batch_u"
    assert body.decode().split("\r\n") == DOCUMENTED


@given(st.lists(OPERATIONS | st.lists(OPERATIONS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_another_reader_finds_in_a_batch_what_was_written(
    parts: list[Operation | list[Operation]],
) -> None:
    kind, body = batch.write(parts, UNIQUE)
    number = 0
    for part, (headers, content) in zip(parts, parts_of(kind, body), strict=True):
        written = [part] if isinstance(part, Operation) else part
        inner = (
            [(headers, content)]
            if isinstance(part, Operation)
            else parts_of(headers["content-type"], content)
        )
        for one, (part_headers, request) in zip(written, inner, strict=True):
            number += 1
            assert part_headers["content-id"] == str(number)
            head, _, sent = request.partition(b"\r\n\r\n")
            assert head.split(b"\r\n")[0].decode() == f"{one.method} {one.url} HTTP/1.1"
            assert (from_json(sent) if sent.strip() else None) == (
                None if one.body is None else from_json(one.body)
            )


@pytest.mark.parametrize("parts", [[], [[]], [[Operation("GET", "/")] * 5001]])
def test_nothing_and_more_than_f_and_o_takes_are_refused(parts: list[list[Operation]]) -> None:
    with pytest.raises(ValueError, match="1 to 5000"):
        batch.write(parts, "u")


def test_a_body_that_holds_the_boundary_is_refused() -> None:
    with pytest.raises(ValueError, match="boundary"):
        batch.write([Operation("POST", "/", b"--batch_abc")], "abc")


def answer(
    *parts: tuple[int, bytes], line: bytes = b"\r\n", ids: bool = True, close: bool = True
) -> bytes:
    lines = [b"preamble", b"--o", b"Content-Type: multipart/mixed; boundary=i", b""]
    for number, (status, body) in enumerate(parts, start=1):
        lines += [b"--i", b"Content-Type: application/http", b"Content-Transfer-Encoding: binary"]
        lines += [b"Content-ID: %d" % number] if ids else []
        lines += [
            b"",
            b"HTTP/1.1 %d Fine" % status,
            b"Content-Type: application/json",
            b"ms-dyn-aid: a",
            b"",
            body,
        ]
    lines += [b"--i--"]
    lines += [b"--o--", b""] if close else []
    return line.join(lines)


BODIES = DOCUMENTS.map(to_json)


@given(
    st.lists(st.tuples(st.sampled_from([200, 201, 204, 500]), st.just(b"") | BODIES), max_size=5),
    st.sampled_from([b"\r\n", b"\n"]),
    st.booleans(),
    st.booleans(),
)
def test_answers_are_read_back_whatever_the_line_ends(
    parts: list[tuple[int, bytes]], line: bytes, ids: bool, close: bool
) -> None:
    (read,) = batch.read(
        'Multipart/Mixed; charset=x; Boundary="o"', answer(*parts, line=line, ids=ids, close=close)
    )
    assert [(part.status, part.body) for part in read] == parts
    assert [part.content_id for part in read] == [
        str(n) if ids else "" for n in range(1, len(parts) + 1)
    ]
    assert all(part.headers["ms-dyn-aid"] == "a" for part in read)


def test_a_failed_changeset_is_one_error_part_inside_a_good_answer() -> None:
    captured = (
        b"--batchresponse_c1\r\nContent-Type: multipart/mixed;"
        b" boundary=changesetresponse_d2\r\n\r\n--changesetresponse_d2\r\nContent-Type:"
        b" application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\nHTTP/1.1"
        b" 500 Internal Server Error\r\nContent-Type: application/json;"
        b' odata.metadata=minimal\r\nOData-Version: 4.0\r\n\r\n{"error":{"code":"","message":"An'
        b' error has occurred."}}\r\n--changesetresponse_d2--\r\n--batchresponse_c1--\r\n'
    )
    ((part,),) = batch.read("multipart/mixed; boundary=batchresponse_c1", captured)
    assert (part.status, part.content_id) == (500, "1")
    assert from_json(part.body)["error"]["message"] == "An error has occurred."


def test_several_changesets_and_a_single_answer_stay_apart() -> None:
    body = (
        b"--o\nContent-Type: application/http\n\nHTTP/1.1 200\n\n{}\n--o  \nContent-Type:"
        b" multipart/mixed; boundary=i\n\n--i\ncontent-type: application/http\n\nHTTP/1.1 204 No"
        b" Content\nContent-ID: 7\n\n\n--i--\n--o\nContent-Type: multipart/mixed;"
        b" boundary=ox\n\n--ox\nContent-Type: application/http\n\nHTTP/1.1 201"
        b" Created\n\n{}\n--ox--\n--o--"
    )
    read = batch.read("multipart/mixed; boundary=o", body)
    assert [[(part.status, part.body, part.content_id) for part in group] for group in read] == [
        [(200, b"{}", "")],
        [(204, b"", "7")],
        [(201, b"{}", "")],
    ]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<html>sign in</html>"),
        ("multipart/mixed", b"--o--"),
        ("multipart/mixed; boundary=o", b"nothing of the kind"),
        ("multipart/mixed; boundary=o", b"--o\nContent-Type: text/plain\n\nx\n--o--"),
        ("multipart/mixed; boundary=o", b"--o\n--o--"),
        ("multipart/mixed; boundary=o", b"--o\nContent-Type: application/http\n\nnonsense\n--o--"),
        (
            "multipart/mixed; boundary=o",
            b"--o\nContent-Type: application/http\n\nHTTP/1.1 2000 x\n--o--",
        ),
    ],
)
def test_what_is_no_batch_is_said_to_be_broken(kind: str, body: bytes) -> None:
    with pytest.raises(BrokenBatch):
        batch.read(kind, body)


def nested(levels: int) -> bytes:
    inner = b"Content-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}"
    for number in range(levels):
        edge = b"b%05d" % number
        inner = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--" % (
            edge,
            edge,
            inner,
            edge,
        )
    return b"--top\r\n" + inner + b"\r\n--top--"


HEADERS = b"--b\r\nContent-Type: application/http\r\n" + b"a: b\r\n" * 200_000
TINY = b"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/mixed; boundary=top", nested(2)),
        ("multipart/mixed; boundary=top", nested(1200)),
        ("multipart/mixed; boundary=b", HEADERS),
        ("multipart/mixed; boundary=b", TINY[:-6] + HEADERS[5:]),
        ("multipart/mixed; boundary=b", HEADERS.replace(b"\r\n", b" ")),
        ("multipart/mixed; boundary=b", TINY * (batch.MOST_OPERATIONS + 2)),
        ("multipart/mixed; boundary=" + "x" * 500_000, b"--" + b"x" * 1_000_000),
        ("multipart/mixed" + "; boundary=" * 50_000, b"--b--"),
    ],
)
def test_an_answer_that_no_server_gives_is_broken_and_costs_little(kind: str, body: bytes) -> None:
    with pytest.raises(BrokenBatch):
        batch.read(kind, body)
    assert len(batch.read("multipart/mixed; boundary=top", nested(1))) == 1
