"""`why-price`, against both systems behind real sockets."""

import pytest

from tests.cli.running import Line, Systems

SKU = "SIMPLE-001"
PRICES = """
[connections.shop.prices]
currency = "USD"
groups = { RETAIL = "Retailer" }
customers = { US-001 = "Wholesale" }
"""


@pytest.fixture
def shop(line: Line, systems: Systems) -> Line:
    line.configured(systems)
    path = line.folder / "connections.toml"
    path.write_text(path.read_text() + PRICES)
    return line


@pytest.mark.parametrize(
    ("group", "whom"),
    [
        ("", "all customers"), ("retail", "price group RETAIL"), ("us-001", "customer US-001"),
        ("Retailer", "price group RETAIL"), ("GOLD", "price group GOLD"),
    ],
)  # fmt: skip
def test_a_price_is_explained_for_whom_it_is_asked(shop: Line, group: str, whom: str) -> None:
    ran = shop("why-price", SKU, "--group", group, "--quantity", "10", "--json")
    (found,) = ran.documents
    assert (found["sku"], found["for"], found["quantity"]) == (SKU, whom, 10)
    assert {*found} > {"price", "currency", "unit", "shown", "candidates", "parked"}
    assert ran.status == int(found["parked"] is not None)


def test_people_read_why_it_cannot_be_told(shop: Line) -> None:
    ran = shop("why-price", SKU)
    assert (ran.status, f"{SKU} for all customers, 1 pieces: nobody can tell" in ran.out) == (
        1,
        True,
    )
    assert "It would be parked:" in ran.out


@pytest.mark.parametrize(
    ("asked", "said"),
    [([SKU, "--quantity", "x"], "no quantity"), ([SKU, "--quantity", "-1"], "no quantity"),
     (["NOPE"], "no released item")],
)  # fmt: skip
def test_what_cannot_be_asked_says_so(shop: Line, asked: list[str], said: str) -> None:
    ran = shop("why-price", *asked)
    assert (ran.status, said in ran.err) == (2, True)
