"""A harness whose returns and complaints become cases of Dataverse."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dataverse.state import Row
from sandbox.dials import Kind
from tests.flows.finance import key
from tests.flows.returns import RETURNED, Returning
from tests.harness import played_in
from tests.systems import SERVICE_HOST, merged

CASES: Final[Mapping[str, Any]] = {
    "flows": (*RETURNED["flows"], "order_issues", "cases", "case_states"),
    "dataverse": {"url": f"http://{SERVICE_HOST}"},
    "order_issues": {"patterns": {"damaged": "damaged|broken", "missing": "missing"}},
    "cases": {
        "steps": {
            "1": {"comment": "Case {case} was opened."},
            "5": {"comment": "Case {case} is solved.", "visible": True},
            "2": {"decision": "refund"},
            "4": {"decision": "replacement"},
        },
    },
}  # fmt: skip


class Serving(Returning):
    """The harness, with an environment of Customer Service beside it. Whoever buys has an account
    there."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(merged(CASES, settings))
        self.service = self.systems.dataverse

    async def knows(self, order: StoredOrder) -> str:
        """The customer of an order gets an account in Dataverse; its id."""
        claim = await self.claim(order)
        number = str(claim.number)
        header = next(h for h in self.headers(order) if h["SalesOrderNumber"] == number)
        values = {"name": "Shopper", "accountnumber": header["OrderingCustomerAccountNumber"]}
        rows = self.service.tables["accounts"].values()
        there = [one for one in rows if one["accountnumber"] == values["accountnumber"]]
        return str((there or [self.service.create("accounts", None, values)])[0]["accountid"])

    def asks_to_return(self, order: StoredOrder) -> Columns:
        """An RMA of one piece of the first row, of which nobody has heard."""
        return self.commerce.request_return(order, {order.items[0]["item_id"]: 1})

    async def looks(self) -> None:
        """All polls, until nothing is left to do."""
        for _ in range(2):
            await self.look()
            for flow in ("order_issues", "cases", "case_states"):
                await self.polls(flow)
            await self.works_until_idle()
            await self.works_for(60)

    def loses_a_comment(self) -> None:
        """The answer to the shop's next comment of an order never comes."""
        self.shop_dials.next(
            Kind.LOST, seconds=20,
            where=lambda one: one.method == "POST" and one.path.endswith("/comments"),
        )  # fmt: skip

    @property
    def cases(self) -> list[Row]:
        """The cases of the environment."""
        return list(self.service.tables["incidents"].values())

    def case_of(self, record: Columns | StoredOrder) -> Row:
        """The one case of an RMA or an order."""
        begin = (
            f"Web order {record.row['increment_id']}"
            if isinstance(record, StoredOrder)
            else f"Return {record['increment_id']}"
        )
        (case,) = [one for one in self.cases if one["title"].startswith(begin)]
        return case

    def notes(self, case: Row) -> list[str]:
        """The subjects of a case's notes."""
        return [str(one["subject"]) for one in self.service.notes_of(case["incidentid"])]


def in_service(**settings: Any) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """A test that is a story of cases."""
    return played_in(lambda: Serving(settings))


__all__ = ["CASES", "Serving", "in_service", "key"]
