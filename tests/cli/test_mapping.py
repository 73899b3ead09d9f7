from pathlib import Path

import pytest

from tests.cli.running import Line
from tests.cli.test_preview import CONFIGURATION


@pytest.fixture(autouse=True)
def configured(line: Line) -> None:
    (line.folder / "connections.toml").write_text(CONFIGURATION)
    assert line("init").status == 0


def test_a_sku_is_mapped_listed_and_forgotten(line: Line) -> None:
    ran = line(
        "map", "items", "set", "Shirt-M", "SHIRT", "--size", "M", "--unit", "pcs", "--factor", "0.5"
    )
    assert ran.out == "Shirt-M is item SHIRT.\n"
    (row,) = line("map", "items", "list", "--json").documents
    assert (row["sku"], row["item_number"], row["size"], row["unit"], row["factor"]) == (
        "Shirt-M",
        "SHIRT",
        "M",
        "pcs",
        0.5,
    )
    assert "Items: 1" in line("map", "items", "list").out
    assert line("map", "items", "remove", "SHIRT-m").status == 0
    assert line("map", "items", "list", "--json").documents == []


@pytest.mark.parametrize("factor", ["0", "-1", "half", "NaN"])
def test_a_factor_that_makes_no_sense_is_refused(line: Line, factor: str) -> None:
    ran = line("map", "items", "set", "A", "B", "--factor", factor)
    assert ran.status == 2
    assert "factor" in ran.err


def test_items_go_out_as_csv_and_come_back_the_same(line: Line) -> None:
    line("map", "items", "set", "A", "1000", "--color", "Red")
    assert line("map", "items", "export", "items.csv").status == 0
    assert (
        line("map", "items", "export", "-").out.encode().splitlines()
        == Path("items.csv").read_bytes().splitlines()
    )
    assert line("map", "items", "import", "items.csv", "--json").documents == [
        {"new": 0, "changed": 0, "same": 1, "stored": True}
    ]


def test_an_import_can_be_tried_first(line: Line) -> None:
    line("map", "items", "set", "A", "1000")
    csv = "sku,item_number\nA,2000\nB,3000\n"
    assert (
        line("map", "items", "import", "-", "--dry-run", stdin=csv).out
        == "1 would be new, 1 would be changed, 0 are there already.\n"
    )
    assert len(line("map", "items", "list", "--json").documents) == 1
    line("map", "items", "import", "-", stdin=csv)
    assert [row["item_number"] for row in line("map", "items", "list", "--json").documents] == [
        "2000",
        "3000",
    ]


def test_an_import_with_a_fault_stores_nothing_and_names_the_line(line: Line) -> None:
    ran = line("map", "items", "import", "-", stdin="sku,item_number\nA,1\nB,\n")
    assert ran.status == 2
    assert "line 3" in ran.err
    assert line("map", "items", "list", "--json").documents == []


def test_files_that_cannot_be_read_or_written_are_told_plainly(line: Line) -> None:
    assert "cannot be read" in line("map", "items", "import", "none.csv").err
    ran = line("map", "customers", "export", "no/such/folder.csv")
    assert ran.status == 2
    assert "cannot be written" in ran.err


def test_a_guest_is_mapped_by_an_address_that_is_not_kept(line: Line) -> None:
    ran = line("map", "customers", "set", "buyer@example.com", "US-001", "--kind", "guest")
    assert ran.status == 0
    (row,) = line("map", "customers", "list", "--json").documents
    assert (row["kind"], row["account"]) == ("guest", "US-001")
    assert "buyer" not in ran.out + str(row)
    line("map", "customers", "export", "accounts.csv")
    assert line("map", "customers", "import", "accounts.csv", "--json").documents[0]["same"] == 1
    assert line("map", "customers", "remove", "Buyer@example.com", "--kind", "guest").status == 0
    assert line("map", "customers", "list", "--json").documents == []


def test_a_customer_is_an_id(line: Line) -> None:
    assert (
        line("map", "customers", "set", "17", "US-001").out
        == "customer 17 is account US-001 of demf.\n"
    )
    assert "Customers: 1" in line("map", "customers", "list").out
    assert line("map", "customers", "set", "ann", "US-001").status == 2


def test_with_several_connections_one_must_be_named(line: Line) -> None:
    other = CONFIGURATION.replace("connections.shop", "connections.other").replace(
        "shop.example", "other.example"
    )
    (line.folder / "connections.toml").write_text(CONFIGURATION + other.replace('"demf"', '"usmf"'))
    ran = line("map", "items", "list")
    assert ran.status == 2
    assert "Name one with --connection: shop, other." in ran.err
    assert line("map", "items", "list", "--connection", "other").status == 0
    assert "no connection is called" in line("map", "items", "list", "--connection", "third").err


def test_what_changes_something_says_where_and_what_only_looks_does_not(line: Line) -> None:
    where = f"In {(line.folder / '.sync').resolve()}"
    assert where in line("map", "items", "set", "A", "B").err
    assert where in line("replay", "--parked").err
    assert where not in line("map", "items", "list").err
    assert line("map", "items", "set", "A", "B", "--json").err == ""


def test_in_azure_every_command_says_so(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    azure = {
        "SYNC_EDITION": "azure", "SERVICE_BUS__fullyQualifiedNamespace": "n.servicebus.windows.net",
        "TABLES_ENDPOINT": "https://t.table.core.windows.net/",
        "KEY_VAULT_URL": "https://127.0.0.1:1",
        "AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000001",
    }  # fmt: skip
    for name, value in azure.items():
        monkeypatch.setenv(name, value)
    ran = line("parked")
    assert "On Azure: t.table.core.windows.net" in ran.err
    assert "cannot be reached" in ran.err
    assert ran.status == 2


def test_on_the_emulators_every_command_says_so(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = (
        "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=x;SharedAccessKey=y;"
        "UseDevelopmentEmulator=true;"
    )
    monkeypatch.setenv("SERVICE_BUS", bus)
    tables = (
        "AccountName=devstoreaccount1;AccountKey=eA==;TableEndpoint=http://127.0.0.1:1/"
        "devstoreaccount1;"
    )
    monkeypatch.setenv("TABLES_CONNECTION", tables)
    ran = line("map", "items", "list")
    assert f"On the emulators, with the secrets of {(line.folder / '.sync').resolve()}" in ran.err
    assert ran.status == 2
