import csv
import io
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.mapping_tables.csv_files import (
    REPORTED,
    BadCsv,
    accounts_from_csv,
    accounts_to_csv,
    csv_from,
    items_from_csv,
    items_to_csv,
)
from sync.mapping_tables.records import AccountMapping, ItemMapping, email_digest, normal_sku

KEY = b"sixteen bytes and more"


def _digest_of(email: str) -> str:
    return email_digest(email, KEY)


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)
_SPICED = st.one_of(
    _TEXT,
    st.tuples(st.sampled_from(["=", "'", "''=", "'@", "+1", "-", '"', ";", ",", "＝"]), _TEXT).map(
        "".join
    ),
)
_NEEDED = _SPICED.filter(lambda text: bool(text.strip()))
_ITEMS = st.lists(
    st.builds(
        ItemMapping,
        _NEEDED,
        _NEEDED,
        *[_SPICED] * 6,
        st.decimals("0.000000001", 999_999_999, places=9),
    ),
    unique_by=lambda item: item.key,
    max_size=8,
)


@given(_ITEMS)
def test_what_goes_out_comes_back_the_same(items: list[ItemMapping]) -> None:
    assert items_from_csv(items_to_csv(items)) == items


@given(_ITEMS)
def test_no_cell_that_goes_out_is_a_formula_to_a_spreadsheet(items: list[ItemMapping]) -> None:
    lines = list(csv.reader(io.StringIO(items_to_csv(items).decode("utf-8-sig"), newline="")))
    assert len(lines) == len(items) + 1
    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for line in lines for cell in line
    )


@pytest.mark.parametrize(
    "text",
    [
        "sku,item_number,factor\nA,1,0.5\n",
        "\ufeffSKU;Item_Number;factor\r\nA;1;0.5\r\n",
        "factor , item_number , sku\n 0.5 , 1 , A \n\n,,\n",
        '"sku","item_number","factor"\n"A","1","0.5"',
    ],
)
def test_files_of_every_spreadsheet_are_read(text: str) -> None:
    assert items_from_csv(text.encode()) == [ItemMapping("A", "1", factor=Decimal("0.5"))]


def test_a_file_may_leave_cells_empty() -> None:
    text = "sku,item_number,color,size,style,configuration,version,unit,factor\nA,1,,,,,,,\n"
    assert items_from_csv(text.encode()) == [ItemMapping("A", "1")]


ITEM_FAULTS: list[tuple[str | bytes, int, str]] = [
    ("", 1, "there is nothing in the file"),
    ("sku,item\n", 1, 'Did you mean "item_number"?'),
    ("sku,item\n", 1, "item_number: the column is missing"),
    ("sku,sku,item_number\n", 1, "sku: the column is there twice"),
    ("sku,item_number\nA,1\nB\n", 3, "cells: 1, columns: 2"),
    ("sku,item_number\nA,1\nB,2,3\n", 3, "cells: 3, columns: 2"),
    ("sku,item_number\nA,1\n,2\n", 3, "sku is empty"),
    ("sku,item_number\nA, \n", 2, "item_number is empty"),
    ("sku,item_number\nAb,1\nB,2\n aB ,3\n", 4, "this is mapped on line 2 already"),
    ("sku,item_number,factor\nA,1,0\n", 2, "factor is not between"),
    ("sku,item_number,factor\nA,1,-1\n", 2, "factor is not a number"),
    ("sku;item_number;factor\nA;1;0,5\n", 2, "factor is not a number with a point"),
    ("sku,item_number,factor\nA,1,1e3\n", 2, "factor is not a number"),
    ("sku,item_number,factor\nA,1,１\n", 2, "factor is not a number"),
    ('sku,item_number\nA,1\n"B\nC",2\n', 3, "sku holds a control character"),
    ('sku,item_number\n"B\nC",2\n\n,3\n', 5, "sku is empty"),
    ('sku,item_number\nA,1\n"B,2\nC,3\n', 3, "this cannot be read as CSV"),
    ('sku,item_number\n"A"x,1\n', 2, "this cannot be read as CSV"),
    ("sku,item_number\nÄ,1\n".encode("latin-1"), 2, "this is not text in UTF-8"),
    ("sku,item_number\nA,1\n".encode("utf-16"), 1, "this is not text in UTF-8"),
]


@pytest.mark.parametrize(("text", "line", "fragment"), ITEM_FAULTS)
def test_a_fault_is_told_with_its_line(text: str | bytes, line: int, fragment: str) -> None:
    with pytest.raises(BadCsv) as caught:
        items_from_csv(text if isinstance(text, bytes) else text.encode())
    reported = [(fault.line, str(fault)) for fault in caught.value.faults]
    assert any(at == line and fragment in words for at, words in reported), reported


def test_every_fault_of_a_file_is_told_and_nothing_is_taken() -> None:
    with pytest.raises(BadCsv, match="nothing was taken, faults: 3") as caught:
        items_from_csv(b"sku,item_number,factor\nA,1,x\nB,2,1\nb,3,1\n,4,1\n")
    assert [fault.line for fault in caught.value.faults] == [2, 4, 5]


def test_a_file_of_nothing_but_faults_is_told_in_short() -> None:
    with pytest.raises(BadCsv) as caught:
        items_from_csv(("sku,item_number\n" + ",1\n" * 80).encode())
    assert len(caught.value.faults) == 80
    assert str(caught.value).endswith(f"and {80 - REPORTED} more")


ENTITIES = ("usmf", "demf")


def test_addresses_come_in_as_digests_and_never_go_out() -> None:
    text = (
        "kind;source;account;matched_by;company\nguest;Ann.Lee@Example.com;G1;;\nCustomer;"
        "17;US-001;email;DEMF\ncompany;3;C3;;\n"
    )
    accounts = accounts_from_csv(text.encode(), _digest_of, ENTITIES)
    digest = _digest_of("ann.lee@example.com")
    assert accounts == [
        AccountMapping("guest", digest, "G1", "import", "usmf"),
        AccountMapping("customer", "17", "US-001", "email", "demf"),
        AccountMapping("company", "3", "C3", "import", "usmf"),
    ]
    exported = accounts_to_csv(accounts)
    assert b"@" not in exported
    assert accounts_from_csv(exported, _digest_of, ENTITIES) == accounts


ACCOUNT_FAULTS = [
    ("visitor,1,A", "kind is none of customer, guest, company"),
    ("guest,ann.lee,A", "source of a guest is neither an e-mail address nor a digest"),
    ("customer,ann.lee@example.com,A", "source of a customer is not its id in Commerce"),
    ("company,17.0,A", "source of a company is not its id"),
    ("customer,17,", "account is empty"),
]


def test_a_legal_entity_that_the_connection_does_not_have_is_a_fault() -> None:
    with pytest.raises(BadCsv, match="none of this connection's legal entities: usmf, demf"):
        accounts_from_csv(
            b"kind,source,company,account\ncustomer,17,frrt,A\n", _digest_of, ENTITIES
        )


def test_one_customer_may_have_an_account_in_each_legal_entity() -> None:
    text = b"kind,source,company,account\ncustomer,17,usmf,A\ncustomer,17,demf,B\n"
    assert [one.key for one in accounts_from_csv(text, _digest_of, ENTITIES)] == [
        "customer:17@usmf",
        "customer:17@demf",
    ]


@pytest.mark.parametrize(("line", "fragment"), ACCOUNT_FAULTS)
def test_a_fault_of_an_account_is_told_without_the_person(line: str, fragment: str) -> None:
    with pytest.raises(BadCsv, match=fragment) as caught:
        accounts_from_csv(f"kind,source,account\n{line}\n".encode(), _digest_of, ENTITIES)
    assert "ann" not in str(caught.value)


def test_an_address_and_its_own_digest_are_one_guest() -> None:
    text = f"kind,source,account\nguest,a@example.com,1\nguest,{_digest_of('A@example.com')},2\n"
    with pytest.raises(BadCsv, match="this is mapped on line 2 already"):
        accounts_from_csv(text.encode(), _digest_of, ENTITIES)


@pytest.mark.parametrize(
    "cell", ["A;=1+1", "A, -2", "a|+3", ";=1;=2", ";'=1", ";''=1", "=1;=2", "x;;=y", "a-b;c"]
)
def test_no_separator_makes_a_formula_of_a_part_of_a_cell(cell: str) -> None:
    row = ItemMapping(cell, "1")
    text = items_to_csv([row]).decode("utf-8-sig")
    assert not re.search(r"[;,|\t\n\r] ?[=+@-]", text)
    assert items_from_csv(text.encode()) == [row]


def test_any_list_can_go_out_harmless() -> None:
    assert csv_from(["a", "b"], [["=1+1", "x,y"]]).decode("utf-8-sig") == 'a,b\r\n\'=1+1,"x,y"\r\n'


def test_skus_that_differ_in_case_only_are_the_same() -> None:
    assert normal_sku("STRASSE") == normal_sku("straße")
