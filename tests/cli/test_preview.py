import json
from pathlib import Path

import pytest

from tests.cli.running import MIXED, ON_HOLD, ORDERS, Line
from tests.conftest import ABSENT, SHARED_SAMPLES

KEYS = ["key", "outcome", "reason", "remedy", "requests", "totals"]

CONFIGURATION = """
[connections.shop.commerce]
url = "https://shop.example.com"
consumer_key = "a"
consumer_secret = "b"
token = "c"
token_secret = "d"
[connections.shop.dynamics]
url = "https://env.operations.dynamics.com"
company = "demf"
tenant = "t.example"
client_id = "00000000-0000-0000-0000-000000000001"
client_secret = "e"
[connections.shop.stores.default]
site = "1"
warehouse = "11"
[connections.shop.customers]
group = "10"
[connections.shop.orders.segments]
gift_wrapping = { item = "GIFTWRAP" }
"""


def spoiled(folder: Path) -> Path:
    """An order whose total nobody can explain."""
    order = json.loads(MIXED.read_text())
    found = next(value for value in _orders_in(order))
    found["grand_total"] += 1000
    file = folder / "order_unexplained_total.json"
    file.write_text(json.dumps(found))
    return file


def _orders_in(document: object) -> list[dict[str, float]]:
    if isinstance(document, dict):
        if "increment_id" in document and "grand_total" in document and "order_id" not in document:
            return [document]
        return [order for value in document.values() for order in _orders_in(value)]
    return []


def test_an_order_that_can_be_delivered_ends_with_0_and_one_json_object(line: Line) -> None:
    ran = line.process("preview", "orders", MIXED, "--json")
    assert ran.status == 0
    (document,) = ran.documents
    assert list(document) == KEYS
    assert document["outcome"] == "deliver"
    assert list(document["totals"]) == ["commerce", "dynamics", "difference", "currency"]
    assert document["totals"]["commerce"] == document["totals"]["dynamics"]
    assert all(list(request) == ["method", "path", "body"] for request in document["requests"])
    paths = [request["path"] for request in document["requests"]]
    assert paths[:2] == ["/data/CustomersV3", "/data/SalesOrderHeadersV4"]
    assert set(paths[2:]) == {"/data/SalesOrderLinesV3"}


def test_an_order_that_is_skipped_for_a_reason_is_fine(line: Line) -> None:
    ran = line("preview", "orders", ON_HOLD, "--json")
    assert ran.status == 0
    assert [(d["outcome"], d["reason"]) for d in ran.documents] == [
        ("skip", "waiting: it is on hold in Commerce (state holded)")
    ]


def test_an_order_that_would_be_parked_ends_with_1(line: Line) -> None:
    ran = line.process("preview", "orders", MIXED, spoiled(line.folder), "--json")
    assert ran.status == 1
    good, bad = ran.documents
    assert (good["outcome"], bad["outcome"]) == ("deliver", "park")
    assert bad["reason"]
    assert bad["remedy"]
    assert bad["totals"]["difference"] == "1000.00"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("missing.json", None, "it cannot be read: no such file or directory"),
        ("broken.json", b"{", "not JSON"),
        ("bytes.json", b"\xff\xfe\x00", "not UTF-8"),
        ("deep.json", b"[" * 100_000, "nested too deeply"),
        ("other.json", b'{"sku": "A"}', "there is no order in it"),
        ("folder.json", b"", "not JSON"),
    ],
)
def test_input_that_cannot_be_used_is_told_and_the_rest_is_previewed(
    line: Line, name: str, content: bytes | None, why: str
) -> None:
    if content is not None:
        (line.folder / name).write_bytes(content)
    ran = line("preview", "orders", name, spoiled(line.folder), MIXED, "--json")
    assert ran.status == 2
    assert [document["outcome"] for document in ran.documents] == ["park", "deliver"]
    reported = json.loads(ran.err)
    assert name in reported["error"]
    assert why in reported["error"]
    assert reported["remedy"]


def test_unusable_input_ends_a_process_with_2(line: Line) -> None:
    ran = line.process("preview", "orders", "missing.json")
    assert ran.status == 2
    assert "missing.json" in ran.err
    assert "What to do" in ran.err
    assert "Traceback" not in ran.err


def test_an_order_may_come_from_standard_input(line: Line) -> None:
    ran = line.process("preview", "orders", "-", "--json", stdin=ON_HOLD.read_bytes())
    assert (ran.status, len(ran.documents)) == (0, 1)


def test_a_directory_stands_for_its_json_files(line: Line) -> None:
    ran = line("preview", "orders", ORDERS, "--json")
    assert ran.status == 0
    assert len(ran.documents) == 6


def test_an_empty_directory_is_unusable(line: Line) -> None:
    (line.folder / "empty").mkdir()
    ran = line("preview", "orders", "empty")
    assert ran.status == 2
    assert "no *.json" in ran.err


def test_the_table_shows_requests_lines_and_proof_but_nobody(line: Line) -> None:
    ran = line("preview", "orders", MIXED)
    assert ran.status == 0
    for word in ("would be posted", "/data/SalesOrderLinesV3", "FREIGHT", "difference", "0.00"):
        assert word in ran.out
    bodies = json.loads(line("preview", "orders", MIXED, "--json").out)["requests"]
    person = next(request["body"] for request in bodies if request["path"] == "/data/CustomersV3")
    for field in ("PrimaryContactEmail", "PersonLastName", "AddressStreet"):
        assert person[field] not in ran.out


def test_whole_requests_are_shown_when_asked_for(line: Line) -> None:
    ran = line("preview", "orders", MIXED, "--documents")
    assert "PrimaryContactEmail" in ran.out


def test_a_parked_order_is_shown_with_its_reason_and_remedy(line: Line) -> None:
    ran = line("preview", "orders", spoiled(line.folder))
    assert ran.status == 1
    assert "would be PARKED" in ran.out
    assert "What to do" in ran.out


def test_the_example_connection_takes_prices_as_told(line: Line) -> None:
    gross = line("preview", "orders", MIXED, "--prices-include-tax", "--json").documents[0]
    net = line("preview", "orders", MIXED, "--prices-exclude-tax", "--json").documents[0]
    header = [
        document["requests"][1]["body"]["ArePricesIncludingSalesTax"] for document in (gross, net)
    ]
    assert header == ["Yes", "No"]


def test_a_configuration_decides_where_there_is_one(line: Line) -> None:
    (line.folder / "connections.toml").write_text(CONFIGURATION)
    ran = line("preview", "orders", MIXED, "--json")
    assert ran.status == 1
    assert "items[].sku without an item in D365" in ran.documents[0]["reason"]
    assert not (line.folder / ".sync").exists()


def test_the_mapping_tables_of_the_home_are_used_and_left_as_they_are(line: Line) -> None:
    (line.folder / "connections.toml").write_text(
        CONFIGURATION + '[connections.shop.items]\nrule = "sku"\n'
    )
    assert line("init").status == 0
    assert line("map", "customers", "set", "7", "DE-007").status == 0
    sku = line("preview", "orders", MIXED, "--json").documents[0]["requests"][2]["body"][
        "ItemNumber"
    ]
    assert line("map", "items", "set", sku, "A-1000", "--color", "Red").status == 0
    before = (line.folder / ".sync" / "tables.sqlite").read_bytes()
    lines = [
        r["body"]
        for r in line("preview", "orders", MIXED, "--json").documents[0]["requests"]
        if "Lines" in r["path"]
    ]
    assert ("A-1000", "Red") in [(body["ItemNumber"], body.get("ProductColorId")) for body in lines]
    assert (line.folder / ".sync" / "tables.sqlite").read_bytes() == before


def test_a_configuration_that_was_named_must_be_there(line: Line) -> None:
    ran = line("preview", "orders", MIXED, "--config", "elsewhere.toml")
    assert ran.status == 2
    assert "there is no such file" in ran.err


def test_the_price_option_is_refused_beside_a_configuration(line: Line) -> None:
    (line.folder / "connections.toml").write_text(CONFIGURATION)
    ran = line("preview", "orders", MIXED, "--prices-include-tax")
    assert ran.status == 2
    assert "built-in example" in ran.err


@pytest.mark.parametrize("arguments", [(), (MIXED, "--ids", "1")])
def test_files_or_ids_are_named_and_not_both(line: Line, arguments: tuple[str | Path, ...]) -> None:
    ran = line("preview", "orders", *arguments)
    assert ran.status == 2
    assert "either files or --ids" in ran.err


def recorded(kind: str) -> list[Path]:
    """The files of a folder beside the project; skips the test where there are none."""
    found = sorted((SHARED_SAMPLES / kind).glob("*.json")) if SHARED_SAMPLES.exists() else []
    if not found:
        pytest.skip(ABSENT)
    return found


@pytest.mark.live_samples
def test_every_order_of_a_real_shop_is_proved_to_the_cent(line: Line) -> None:
    files = recorded("commerce-money")
    ran = line("preview", "orders", *files, "--json")
    assert ran.status == 0, [d for d in ran.documents if d["outcome"] == "park"]
    assert len(ran.documents) >= len(files)
    assert {document["totals"]["difference"] for document in ran.documents} == {"0.00"}


@pytest.mark.live_samples
@pytest.mark.parametrize("kind", ["commerce", "commerce-live", "d365", "dataverse"])
def test_no_payload_of_the_wild_makes_it_stumble(line: Line, kind: str) -> None:
    ran = line("preview", "orders", *recorded(kind), "--json")
    assert ran.status == 2
    assert all(list(document) == KEYS for document in ran.documents)
    assert all(json.loads(text).keys() == {"error", "remedy"} for text in ran.err.splitlines())


def test_every_cause_that_would_park_some_is_summed_up_once(line: Line) -> None:
    mapped = '[connections.shop.orders.deliveries]\nnobodys = "STD"\n'
    mapped += '[connections.shop.orders.payments]\nnobodys = { method = "CHECK" }\n'
    (line.folder / "connections.toml").write_text(CONFIGURATION + mapped)
    ran = line("preview", "orders", ORDERS)
    assert ran.status == 1
    summary = ran.out[ran.out.index("In all: ") :]
    for words in ("would be PARKED", "no item in D365", "Shipping method", "Payment method"):
        assert summary.count(words) >= 1, words
    assert summary.count("Shipping method flatrate_flatrate is not mapped") == 1
    assert "Cure: Add to [connections.shop.orders.payments]: checkmo = " in summary
    alone = line("preview", "orders", ON_HOLD)
    assert "In all" not in alone.out
    assert "In all" not in line("preview", "orders", ORDERS, "--json").out
