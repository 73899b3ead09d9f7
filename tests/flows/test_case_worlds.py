"""Returns, complaints, people at work in Customer Service, lost answers and deaths in any order: in
the end each return and each complaint has one case, whose notes and state are those of the shop,
and the shop has read each status once, or a person is told."""

from contextlib import suppress

import pytest

from sandbox.commerce.faults import RestFault
from sandbox.dataverse.state import Row, WebFault
from sandbox.dials import Kind
from sync.commerce.models.rma import OVER, PENDING
from sync.engine.claim import State
from tests.flows.cases import Serving, in_service, key
from tests.flows.test_return_worlds import FAULTS, World
from tests.harness import key_of

WORDS = ("It is damaged", "a part is MISSING", "Thank you", "broken again")
SERVICE = ("incidents(", "annotations(", "$batch", "CloseIncident")
FLOWS = ("order_issues", "cases", "case_states")


class CaseWorld(World):
    """What happens, with people at work on cases."""

    def __init__(self, ours: Serving, seed: int) -> None:
        super().__init__(ours, seed)
        self.serving = ours
        self.touched: set[str] = set()
        self.complaints: dict[str, int] = {}
        self.events = (
            *self.events, *[self.complains] * 3, *[self.works] * 3, *[self.polls_service] * 4,
            self.serves_badly, self.serves_badly, self.dies_serving,
        )  # fmt: skip

    async def buys(self) -> None:
        await super().buys()
        if self.chance.random() < 0.8:
            await self.serving.knows(self.orders[-1])

    async def complains(self) -> None:
        order, text = self.chance.choice(self.orders), self.chance.choice(WORDS)
        with suppress(RestFault):
            self.ours.commerce.comment(order, {"comment": text}, None)
            asks = text != "Thank you"
            self.complaints[key_of(order)] = self.complaints.get(key_of(order), 0) + asks

    async def works(self) -> None:
        """Somebody gives a case another status, or closes it."""
        if cases := self.serving.cases:
            case = self.chance.choice(cases)
            self.touched.add(case["incidentid"])
            with suppress(WebFault):
                if self.chance.random() < 0.4:
                    self.serving.service.close_case(case["incidentid"], 5)
                else:
                    state = case["statecode"]
                    status = {0: self.chance.choice((1, 2, 3)), 1: 5}[state]
                    self.serving.service.set_status(case["incidentid"], state, status)

    async def polls_service(self) -> None:
        for flow in FLOWS:
            await self.ours.polls(flow)
        await self.ours.works_for(300)

    async def serves_badly(self) -> None:
        dials = self.ours.systems.service_dials
        dials.next(
            self.chance.choice((*FAULTS, Kind.THROTTLE)), seconds=self.chance.randint(1, 50),
            path=self.chance.choice(SERVICE), writes=True,
        )  # fmt: skip
        await self.polls_service()
        await dials.settle()

    async def dies_serving(self) -> None:
        keys = [f"return|{key(one)}" for one in self.rmas[-1:]]
        keys += [f"order|{key_of(one)}" for one in self.orders[-1:]]
        await self.ours.services.intake.accept("cases", "shop", keys, "replay")
        await self.ours.works_until_it_dies(before=self.chance.choice(("claims", "trail")))

    async def ends(self) -> None:
        self.ours.systems.service_dials.plan.clear()
        for order in self.orders:
            await self.serving.knows(order)
        await super().ends()
        keys = [f"return|{key(one)}" for one in self.rmas]
        keys += [f"order|{one}" for one, count in self.complaints.items() if count]
        for _ in range(2):
            await self.serving.looks()
            await self.ours.services.intake.accept("cases", "shop", keys, "replay")
            await self.ours.works_until_idle()

    async def served(self) -> int:
        """How many cases there are; each once, with each note once."""
        wanted = [(f"return|{key(one)}", self._titled("Return", one)) for one in self.rmas]
        for order in self.orders:
            if self.complaints.get(key_of(order)):
                titled = self._titled("Web order", order.row)
                wanted.append((f"order|{key_of(order)}", titled))
        for record, cases in wanted:
            claim = await self.ours.claim(record, "cases")
            if claim.state is State.SKIPPED:
                assert not cases, record
            elif claim.state is not State.DELIVERED:
                assert claim.waits_for_a_person, (record, claim)
            else:
                (case,) = cases
                self._must_be_whole(record, case)
        assert len(self.serving.cases) == sum(len(cases) for _, cases in wanted)
        return len(self.serving.cases)

    def _titled(self, what: str, row: Row) -> list[Row]:
        begin = f"{what} {row['increment_id']}"
        return [one for one in self.serving.cases if one["title"].startswith(begin)]

    def _must_be_whole(self, record: str, case: Row) -> None:
        notes = self.serving.service.notes_of(case["incidentid"])
        texts = [one["notetext"] for one in notes]
        kind, _, inner = record.partition("|")
        if kind == "order":
            assert len(notes) == self.complaints[inner], record
            told = next(one for one in self.orders if key_of(one) == inner).comments
        else:
            assert len(texts) == len({*texts}), record
            rma = self.ours.now(next(one for one in self.rmas if key(one) == inner))
            told = rma["comments"]
            if rma["status"] != PENDING:
                assert any(f"is {rma['status']} in" in text for text in texts), record
            if case["incidentid"] not in self.touched:
                assert (case["statecode"] == 1) == (rma["status"] in OVER), (record, rma["status"])
        said = [one["comment"] for one in told if str(one["comment"]).startswith("Case ")]
        assert len(said) == len({*said}), record


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 60))]
)
@in_service(returns={"authorise": "rule"})
async def test_whatever_happens_each_return_and_complaint_has_one_case(
    ours: Serving, seed: int
) -> None:
    world = CaseWorld(ours, seed)
    for _ in range(2):
        await world.buys()
    for _ in range(8 if seed == 0 else 40):
        await world.happens()
    await world.ends()
    assert await world.served() or seed
    await world.compared()
