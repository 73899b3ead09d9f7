"""What comes of a write that the shop carries out later."""

from typing import Any

import pytest

from sync.commerce.bulks import Bulks
from sync.commerce.errors import NotAccepted, NotThere
from sync.core.errors import Later, Unknown
from tests.contracts.hand_clock import HandClock

UUID = "799a59c0-09ca-4d60-b432-2953986c1c38"


class Client:
    """Answers as told."""

    def __init__(self, accepted: Any, told: Any) -> None:
        self.accepted, self.told = accepted, told

    async def post(self, path: str, _: Any, **__: Any) -> Any:
        assert path == "async/products/base-prices"
        return self.accepted

    async def get(self, path: str) -> Any:
        assert path == f"bulk/{UUID}/detailed-status"
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


def operation(status: int | str, message: str = "", result: str | None = None) -> dict[str, Any]:
    one = {"id": 9, "status": status, "result_message": message, "result_serialized_data": result}
    return {"operations_list": [one]}


async def posted(told: Any, accepted: Any = None) -> Any:
    client: Any = Client({"bulk_uuid": UUID} if accepted is None else accepted, told)
    clock = HandClock()
    return await Bulks(client, clock).post("products/base-prices", {}, not_after=clock.now())


async def test_what_is_complete_answers_as_it_would_have_at_once() -> None:
    assert await posted(operation(1, result='[{"message":"x"}]')) == [{"message": "x"}]
    assert await posted(operation("1")) is None


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (operation(2, "Deadlock found"), Later),
        (operation(3, "The product that was requested doesn't exist."), NotThere),
        (operation(3, "Could not save Source Item"), NotAccepted),
        (operation(5, "rejected"), NotAccepted),
        (operation(1, result="<html>"), Unknown),
        (Later("503"), Unknown),
        (NotThere("404", remedy="x"), Unknown),
    ],
)
async def test_what_was_refused_or_cannot_be_known_says_so(
    told: Any, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as raised:
        await posted(told)
    assert type(raised.value) is kind


@pytest.mark.parametrize("accepted", [[], {}, {"bulk_uuid": ""}])
async def test_an_acceptance_that_names_no_bulk_leaves_the_write_open(accepted: Any) -> None:
    with pytest.raises(Unknown, match="named no bulk"):
        await posted({}, accepted)
