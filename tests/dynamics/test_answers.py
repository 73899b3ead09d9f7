"""Records in answers: what is there, and what is said of an answer that lacks something."""

import pytest

from sync.core.errors import Later, Unknown
from sync.dynamics.answers import Answered, record_in
from sync.dynamics.refusals import ODataAnswer, ODataCall

READ, WRITE = ODataCall("list SalesOrders"), ODataCall("create SalesOrders", writes=True)


def answered(body: bytes) -> ODataAnswer:
    return ODataAnswer(200, {}, body)


@pytest.mark.parametrize(("call", "kind"), [(READ, Later), (WRITE, Unknown)])
@pytest.mark.parametrize("lacking", ["", '"RMANumber":null,'])
def test_a_field_that_an_answer_lacks_or_leaves_null_leaves_a_write_open(
    call: ODataCall, kind: type[Exception], lacking: str
) -> None:
    body = f'{{{lacking}"SalesOrderNumber":"S1","value":[{{{lacking}"LineNumber":1}}]}}'
    record = record_in(answered(body.encode()), call)
    assert record["SalesOrderNumber"] == "S1"
    for row in (record, Answered(record["value"][0], call)):
        with pytest.raises(kind, match="it has no RMANumber") as raised:
            _ = row["RMANumber"]
        assert type(raised.value) is kind
        assert row.get("RMANumber") is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not JSON"),
        (b"[]", "it holds no record"),
        (b'{"value":[1]}', "its list holds what is no record"),
    ],
)
def test_what_is_no_record_is_told(body: bytes, told: str) -> None:
    with pytest.raises(Unknown, match=told):
        record_in(answered(body), WRITE)
