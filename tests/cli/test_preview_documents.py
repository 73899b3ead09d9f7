import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from sync.app.embedded import open_embedded
from sync.commerce.address import path_of
from sync.commerce.filters import Op, where
from sync.commerce.search import Search
from sync.config.file.reading import read_connections
from tests.cli.running import CONNECTION, ROOT, Line, Systems
from tests.cli.test_preview import CONFIGURATION, KEYS, recorded
from tests.mapping.samples import money

MONEY = ROOT / "tests" / "payloads" / "commerce_money"
PARTS = MONEY / "lifecycle-030-refund-shipping-parts-us.json"
EDITED = MONEY / "lifecycle-055-edit-1-us.json"
CANCELLED = MONEY / "lifecycle-004-cancel-de.json"
SCENARIO = money(PARTS.stem)
CUSTOMER = ROOT / "tests" / "payloads" / "commerce_live" / "customer_get.json"
FREE_TEXT = f"""
[connections.{CONNECTION}.invoices]
recipe = "free-text-invoice"
revenue_account = "401000"
"""
RECIPE = """
[connections.shop.items]
rule = "sku"
[connections.shop.invoices]
recipe = "both"
revenue_account = "401000"
banks = { "*" = "USMF-OPER" }
"""


def saved(folder: Path, name: str, document: Any) -> Path:
    file = folder / name
    file.write_text(json.dumps(document, default=float))
    return file


def broken(folder: Path) -> Path:
    """A scenario whose last memo nobody can explain."""
    *others, last = SCENARIO["creditmemos"]
    return saved(
        folder, "broken.json", {**SCENARIO, "creditmemos": [*others, {**last, "grand_total": 9999}]}
    )


def paths_of(document: dict[str, Any]) -> list[str]:
    return [request["path"] for request in document["requests"]]


def test_a_scenario_s_invoices_are_one_object_each(line: Line) -> None:
    ran = line.process("preview", "invoices", PARTS, "--json")
    assert ran.status == 0
    (document,) = ran.documents
    assert list(document) == KEYS
    assert document["outcome"] == "deliver"
    assert document["totals"]["difference"] == "0.00"
    assert (
        paths_of(document) == ["/data/FreeTextInvoiceHeaders"] + ["/data/FreeTextInvoiceLines"] * 4
    )
    lines = [request["body"] for request in document["requests"][1:]]
    assert {body["ParentRecId"] for body in lines} == {"(assigned by D365)"}


def test_a_scenario_s_credit_memos_are_one_object_each(line: Line) -> None:
    ran = line("preview", "creditmemos", PARTS, "--json")
    assert ran.status == 0
    assert len(ran.documents) == len(SCENARIO["creditmemos"])
    assert {paths_of(document)[0] for document in ran.documents} == {"/data/ReturnOrderHeadersV2"}
    assert {document["totals"]["difference"] for document in ran.documents} == {"0.00"}


def test_a_story_is_told_to_its_net(line: Line) -> None:
    ran = line("preview", "story", PARTS, "--json")
    assert ran.status == 0
    *documents, net = ran.documents
    assert len(documents) == 1 + len(SCENARIO["invoices"]) + len(SCENARIO["creditmemos"])
    assert list(net) == KEYS
    assert net["key"] == "net"
    assert net["totals"] == {
        "commerce": "0.00",
        "dynamics": "0.00",
        "difference": "0.00",
        "currency": "USD",
    }


def test_an_edited_order_is_one_story(line: Line) -> None:
    ran = line("preview", "story", EDITED, "--json")
    assert ran.status == 0
    assert [document["key"] for document in ran.documents].count("net") == 1


@pytest.mark.parametrize(("command", "count"), [("invoices", 0), ("creditmemos", 0), ("story", 2)])
def test_a_scenario_without_documents_is_fine(line: Line, command: str, count: int) -> None:
    ran = line("preview", command, CANCELLED, "--json")
    assert (ran.status, len(ran.documents)) == (0, count)


def test_an_invoice_finds_its_order_in_another_file(line: Line) -> None:
    invoice = saved(line.folder, "invoice.json", SCENARIO["invoices"][0])
    alone = line("preview", "invoices", invoice, "--json")
    assert alone.status == 1
    assert f"order_id {SCENARIO['order']['entity_id']}" in alone.documents[0]["reason"]
    order = saved(line.folder, "order.json", SCENARIO["order"])
    together = line("preview", "invoices", invoice, order, "--json")
    assert (together.status, together.documents[0]["outcome"]) == (0, "deliver")


def test_what_would_be_parked_ends_with_1_and_the_rest_is_shown(line: Line) -> None:
    ran = line.process("preview", "creditmemos", broken(line.folder), "--json")
    assert ran.status == 1
    assert [document["outcome"] for document in ran.documents] == ["deliver", "deliver", "park"]
    assert ran.documents[2]["totals"]["difference"] != "0.00"
    assert ran.documents[2]["remedy"]


@pytest.mark.parametrize("command", ["invoices", "creditmemos", "customers", "companies", "story"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no such file"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"sku": "A"}', "there is no "),
    ],
    ids=["missing", "broken", "deep", "other"],
)
def test_input_that_cannot_be_used_is_told_with_what_would_be(
    line: Line, command: str, content: bytes | None, why: str
) -> None:
    if content is not None:
        (line.folder / "input.json").write_bytes(content)
    ran = line("preview", command, "input.json", "--json")
    assert ran.status == 2
    assert ran.out == ""
    reported = json.loads(ran.err)
    assert why in reported["error"]
    assert reported["remedy"]


def test_an_order_alone_is_no_invoice(line: Line) -> None:
    ran = line("preview", "invoices", saved(line.folder, "order.json", SCENARIO["order"]), "--json")
    assert ran.status == 2
    assert "there is no invoice in it" in json.loads(ran.err)["error"]


@pytest.mark.parametrize("command", ["invoices", "creditmemos", "customers", "companies", "story"])
def test_files_or_ids_are_named_and_not_both(line: Line, command: str) -> None:
    for arguments in ((), (PARTS, "--ids", "1")):
        ran = line("preview", command, *arguments)
        assert ran.status == 2
        assert "either files or --ids" in ran.err


def test_the_example_connection_takes_prices_as_told(line: Line) -> None:
    headers = [
        line("preview", "invoices", PARTS, option, "--json").documents[0]["requests"][0]["body"][
            "InclTax"
        ]
        for option in ("--prices-include-tax", "--prices-exclude-tax")
    ]
    assert headers == ["Yes", "No"]


def test_a_configuration_decides_on_the_recipe(line: Line) -> None:
    (line.folder / "connections.toml").write_text(CONFIGURATION + RECIPE)
    ran = line("preview", "invoices", PARTS, "--json")
    assert ran.status == 0
    paths = paths_of(ran.documents[0])
    assert paths[-2:] == [
        "/data/CustomerPaymentJournalHeaders",
        "/data/CustomerPaymentJournalLines",
    ]
    assert ran.documents[0]["requests"][-1]["body"]["OffsetAccountDisplayValue"] == "USMF\\-OPER"


def test_the_price_option_is_refused_beside_a_configuration(line: Line) -> None:
    (line.folder / "connections.toml").write_text(CONFIGURATION + RECIPE)
    ran = line("preview", "invoices", PARTS, "--prices-include-tax")
    assert ran.status == 2
    assert "built-in example" in ran.err


def test_tables_for_people_show_lines_and_proof_but_nobody(line: Line) -> None:
    ran = line("preview", "story", PARTS)
    assert ran.status == 0
    order = SCENARIO["order"]
    for word in (
        "Order",
        "Invoice",
        "Credit memo",
        "The story's net comes to",
        "FREIGHT",
        "401000",
        "0.00",
    ):
        assert word in ran.out
    assert order["customer_email"] not in ran.out
    assert order["billing_address"]["lastname"] not in ran.out


def test_payments_are_shown_in_tables_too(line: Line) -> None:
    (line.folder / "connections.toml").write_text(CONFIGURATION + RECIPE)
    ran = line("preview", "invoices", PARTS)
    assert "USMF\\-OPER" in ran.out
    assert "PaymentReference" in ran.out


def test_a_parked_memo_is_shown_with_its_remedy(line: Line) -> None:
    ran = line("preview", "creditmemos", broken(line.folder))
    assert "would be PARKED" in ran.out
    assert "What to do" in ran.out


def test_a_customer_is_previewed_from_a_recorded_exchange(line: Line) -> None:
    ran = line("preview", "customers", CUSTOMER, "--json")
    assert ran.status == 0
    (document,) = ran.documents
    assert list(document) == KEYS
    assert paths_of(document)[0] == "/data/CustomersV3"


def test_an_account_that_is_mapped_is_not_made_again(line: Line) -> None:
    (line.folder / "connections.toml").write_text(
        CONFIGURATION.replace('group = "10"', 'group = "10"\ncurrency = "USD"')
    )
    assert line("init").status == 0
    number = line("preview", "customers", CUSTOMER, "--json").documents[0]["key"]
    assert line("map", "customers", "set", number, "DE-007").status == 0
    (document,) = line("preview", "customers", CUSTOMER, "--json").documents
    assert document["outcome"] == "skip"
    assert "DE-007" in document["reason"]


def test_a_company_is_previewed(line: Line) -> None:
    company = {
        "id": 3,
        "status": 1,
        "company_name": "ACME",
        "company_email": "acme@example.com",
        "country_id": "US",
        "customer_group_id": 1,
    }
    ran = line(
        "preview", "companies", saved(line.folder, "company.json", {"items": [company]}), "--json"
    )
    assert ran.status == 0
    assert ran.documents[0]["requests"][0]["body"]["PartyType"] == "Organization"


def test_customers_are_previewed_by_their_id(line: Line, systems: Systems) -> None:
    line.configured(systems)
    ran = line("preview", "customers", "--ids", "1,999999,x", "--json")
    assert ran.status == 2
    assert [document["key"] for document in ran.documents] in (["1"], [])
    reported = [json.loads(text)["error"] for text in ran.err.splitlines()]
    assert "999999: Commerce has no such customer" in reported
    assert "x: Commerce has no such customer" in reported


async def _invoice_and_refund(line: Line, number: str) -> tuple[str, str]:
    """Have the shop invoice and refund an order; the numbers of both documents."""
    connections = read_connections(line.folder / "connections.toml")
    services = await open_embedded(line.folder / ".sync", connections, serves=False)
    try:
        commerce = (await services.systems_pool.open(CONNECTION)).commerce
        (order,) = await commerce.orders.by_number(number)
        await commerce.post(path_of("order", order["entity_id"], "invoice"), {"capture": True})
        await commerce.post(path_of("order", order["entity_id"], "refund"), {})
        of_it = Search().having(where("order_id", Op.EQ, order["entity_id"]))
        found = [(await commerce.search(path, of_it)).items for path in ("invoices", "creditmemos")]
    finally:
        await services.close()
    return found[0][0]["increment_id"], found[1][0]["increment_id"]


def test_documents_and_stories_are_previewed_by_their_number(line: Line, systems: Systems) -> None:
    line.configured(systems, FREE_TEXT)
    order = systems.orders[2]
    invoice, memo = asyncio.run(_invoice_and_refund(line, order))
    for command, number in (("invoices", invoice), ("creditmemos", memo)):
        ran = line("preview", command, "--ids", f"{number},999999999", "--json")
        assert ran.status == 2
        assert [document["key"] for document in ran.documents] == [f"{number}@1"]
        assert ran.documents[0]["totals"]["difference"] == "0.00", ran.documents[0]["reason"]
        assert "999999999: Commerce has no such" in ran.err
    ran = line("preview", "story", "--ids", order, "--json")
    assert ran.status == 0, ran.documents
    assert [document["key"] for document in ran.documents] == [
        f"{order}@1",
        f"{invoice}@1",
        f"{memo}@1",
        "net",
    ]
    assert ran.documents[-1]["totals"]["commerce"] == "0.00"


@pytest.mark.live_samples
@pytest.mark.parametrize(
    "command",
    [
        "story",
        *(pytest.param(kind, marks=pytest.mark.long) for kind in ("invoices", "creditmemos")),
    ],
)
def test_every_document_of_a_real_shop_is_proved_to_the_cent(line: Line, command: str) -> None:
    ran = line("preview", command, *recorded("commerce-money"), "--json")
    assert ran.status == 0, [d for d in ran.documents if d["outcome"] == "park"]
    assert {document["totals"]["difference"] for document in ran.documents} == {"0.00"}
    assert len(ran.documents) == {"invoices": 273, "creditmemos": 207}.get(
        command, len(ran.documents)
    )


@pytest.mark.live_samples
@pytest.mark.parametrize("kind", ["commerce", "commerce-live", "d365", "dataverse"])
@pytest.mark.parametrize("command", ["invoices", "creditmemos", "customers", "companies", "story"])
def test_no_payload_of_the_wild_makes_it_stumble(line: Line, command: str, kind: str) -> None:
    ran = line("preview", command, *recorded(kind), "--json")
    assert ran.status == 2
    assert all(list(document) == KEYS for document in ran.documents)
    assert all(json.loads(text).keys() == {"error", "remedy"} for text in ran.err.splitlines())
