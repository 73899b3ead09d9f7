"""`preview shipments` and the trail of an order that was shipped, against both systems behind real
sockets."""

import httpx
import pytest

from tests.cli.running import Line, Systems

SHIPMENTS = """
[connections.shop.shipments]
sources = { 13 = "default" }

[connections.shop.captures]
methods = { "*" = "at_invoice" }

[connections.shop.status.steps.confirmed]
comment = "It ships on {date}."
"""
FLOWS = 'flows = ["orders", "customers", "shipments", "captures", "status"]'


@pytest.fixture
def shop(line: Line, systems: Systems) -> Line:
    line.configured(systems)
    path = line.folder / "connections.toml"
    text = path.read_text().replace("[connections.shop]", f"[connections.shop]\n{FLOWS}")
    path.write_text(text + SHIPMENTS)
    return line


def test_a_slip_is_previewed_shipped_and_on_the_orders_line_of_time(
    shop: Line, systems: Systems
) -> None:
    number = systems.orders[0]
    assert shop("preview", "shipments", "--order", number).status == 2
    assert shop("backfill", "--ids", number).status == 0
    shop.deliver_everything()
    (order,) = shop("trail", number, "--json").documents
    sales_order = order["documents"]["sales_order"]
    body = {"number": sales_order, "tracking": ["JD01"]}
    answer = httpx.post(f"{systems.dynamics}/sandbox/packing_slips", json=body)
    (slip,) = answer.json()["slips"]

    (found,) = shop("preview", "shipments", "--order", number, "--json").documents
    (request,) = found["requests"]
    assert (found["outcome"], request["path"].endswith("/ship")) == ("deliver", True)
    assert request["body"]["comment"]["comment"] == f"PS:{slip}"
    assert request["body"]["tracks"][0]["track_number"] == "JD01"
    assert "would be posted" in shop("preview", "shipments", "--order", number).out

    assert shop("poll", "--flow", "shipments").status == 0
    shop.deliver_everything()
    (found,) = shop("preview", "shipments", "--order", number, "--json").documents
    assert (found["outcome"], found["requests"]) == ("skip", [])
    assert "shows it" in found["reason"]
    stories = shop("trail", number, "--json").documents
    assert [one["flow"] for one in stories] == ["orders", "shipments", "status"]
    assert stories[1]["key"] == f"usmf|{sales_order}|{slip}"
    told = shop("trail", number).out
    assert told.index("orders") < told.rindex("shipments")


def test_an_invoice_is_previewed_and_made(shop: Line, systems: Systems) -> None:
    number = systems.orders[0]
    assert shop("backfill", "--ids", number).status == 0
    shop.deliver_everything()
    (order,) = shop("trail", number, "--json").documents
    body = {"document": "sales_order", "number": order["documents"]["sales_order"]}
    (invoice,) = httpx.post(f"{systems.dynamics}/sandbox/postings", json=body).json()["posted"]
    found, totals = shop("preview", "captures", "--order", number, "--json").documents
    assert totals["key"].endswith("|=")
    (request,) = found["requests"]
    assert (found["outcome"], request["path"].endswith("/invoice")) == ("deliver", True)
    assert request["body"]["comment"]["comment"].startswith(f"F&O invoice {invoice}")
    assert shop("poll", "--flow", "captures").status == 0
    shop.deliver_everything()
    found, _ = shop("preview", "captures", "--order", number, "--json").documents
    assert (found["outcome"], found["requests"]) == ("skip", [])
    assert "shows it" in found["reason"]
    stories = shop("trail", number, "--json").documents
    assert [one["flow"] for one in stories] == ["orders", "captures", "captures"]


def test_a_preview_needs_an_order_and_the_flow(line: Line, systems: Systems) -> None:
    line.configured(systems)
    ran = line("preview", "shipments")
    assert (ran.status, "nothing is named" in ran.err) == (2, True)
    ran = line("preview", "shipments", "--order", "1")
    assert (ran.status, "shipments is not on" in ran.err) == (2, True)


def test_the_progress_of_an_order_is_previewed_and_told(shop: Line, systems: Systems) -> None:
    number = systems.orders[1]
    assert shop("backfill", "--ids", number).status == 0
    shop.deliver_everything()
    (order,) = shop("trail", number, "--json").documents
    (found,) = shop("preview", "status", "--order", number, "--json").documents
    assert (found["outcome"], found["reason"]) == ("skip", "nothing to tell of it")
    body = {"document": "confirmation", "number": order["documents"]["sales_order"]}
    httpx.post(f"{systems.dynamics}/sandbox/postings", json=body).raise_for_status()
    (found,) = shop("preview", "status", "--order", number, "--json").documents
    (request,) = found["requests"]
    text = request["body"]["statusHistory"]["comment"]
    assert (found["outcome"], text.startswith("It ships on 20")) == ("deliver", True)
    assert shop("poll", "--flow", "status").status == 0
    shop.deliver_everything()
    (found,) = shop("preview", "status", "--order", number, "--json").documents
    assert (found["outcome"], found["reason"]) == ("skip", "a comment of the order shows it")
    stories = shop("trail", number, "--json").documents
    assert [one["flow"] for one in stories] == ["orders", "status"]
