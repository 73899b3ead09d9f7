"""The page that leads a reader through the code says what really happens."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.flows.finance import FREE_TEXT, Finance, in_finance
from tests.source import ROOT

PAGE: Final = ROOT / "docs" / "reading-the-code.md"
STEP: Final = re.compile(r"^\| `(sync/[a-z_/]+\.py)` \| `([a-z_]+)` \|", re.MULTILINE)
MOST_FILES: Final = 8

Step = tuple[str, str]


def steps() -> list[Step]:
    return STEP.findall(PAGE.read_text(encoding="utf-8"))


@contextmanager
def calls_of(wanted: set[Step]) -> Iterator[list[Step]]:
    """The wanted functions in the order of their first calls."""
    found: list[Step] = []
    paths = {str(ROOT / path): path for path, _ in wanted}

    def called(frame: Any, event: str, _: Any) -> None:
        step = (paths.get(frame.f_code.co_filename, ""), frame.f_code.co_name)
        if event == "call" and step in wanted and step not in found:
            found.append(step)

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        yield found
    finally:
        sys.setprofile(before)


def test_every_package_stands_in_the_layout() -> None:
    rows = re.findall(r"^\| (`sync/.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`sync/(\w+)/`", row)}
    packages = {one.parent.name for one in (ROOT / "sync").glob("*/__init__.py")}
    assert named == packages


def test_the_way_of_an_invoice_opens_few_files() -> None:
    assert 0 < len({path for path, _ in steps()}) <= MOST_FILES


@in_finance(invoices=FREE_TEXT)
async def test_an_invoice_takes_the_way_that_the_page_shows(finance: Finance) -> None:
    order = await finance.placed()
    await finance.works_until_idle()
    invoice = finance.commerce.invoice(order)
    with calls_of(set(steps())) as called:
        await finance.books(invoice)
    assert finance.draft(invoice)
    assert called == steps()
