"""Coverage-guided targets for what Commerce answers: records of real shops with places changed,
drawn by hypothesis from the bytes. What they find becomes a test of `tests/mapping`."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.edge import engine
from tests.mapping import test_broken_documents as documents
from tests.mapping import test_broken_orders as orders
from tests.mapping.connection import MODES, previewed
from tests.mapping.mutations import mutated, mutated_orders
from tests.mapping.receiving import RECIPES, orders_of
from tests.mapping.samples import money

ANY: Final = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))


@ANY
@given(document=mutated_orders(), mode=st.sampled_from(sorted(MODES)))
def order(document: Any, mode: str) -> None:
    """An order with a few places changed."""
    orders.assert_honest(engine().run(previewed(document, MODES[mode])), document)


@ANY
@given(
    data=st.data(),
    which=st.sampled_from(documents.originals()),
    recipe=st.sampled_from(sorted(RECIPES)),
    breaks_order=st.booleans(),
)
def document(
    data: st.DataObject, which: tuple[str, bool, int], recipe: str, *, breaks_order: bool
) -> None:
    """An invoice or a credit memo with a few places changed, or with an order that has them."""
    scenario, found = money(which[0]), documents.original(*which)
    known = orders_of(scenario)
    if breaks_order:
        known = {found["order_id"]: data.draw(mutated(scenario["order"]))}
    else:
        found = data.draw(mutated(found))
    shown = documents.shown(found, known, recipe, is_memo=which[1])
    documents.assert_honest(engine().run(shown))


RECORDS: Final[dict[str, Callable[[bytes], object]]] = {
    "order": order.hypothesis.fuzz_one_input,  # type: ignore[attr-defined]
    "document": document.hypothesis.fuzz_one_input,  # type: ignore[attr-defined]
}
