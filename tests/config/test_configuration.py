import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.config.connections import FLOW_NAMES, Commerce, Connections, Dynamics
from sync.config.file.patterns import PATTERNS
from sync.config.file.reading import BadConfiguration, Fault, connections_from, read_connections
from sync.flows import FLOWS
from tests.config.test_broken_files import SOUND

EXAMPLE = Path(__file__).parents[2] / "sync" / "cli" / "connections.example.toml"


def _reported(text: str) -> str:
    with pytest.raises(BadConfiguration) as caught:
        connections_from(text)
    return str(caught.value)


def test_the_example_is_sound() -> None:
    connections = read_connections(EXAMPLE).connections
    assert list(connections) == ["bikes-de", "parts-us"]
    assert connections["bikes-de"].dynamics.rounding["CHF"] == Decimal("0.05")
    store = connections["bikes-de"].store(2)
    assert store is not None
    assert (store.site, store.warehouse) == ("1", "12")


def test_the_example_names_secrets_that_a_vault_takes_and_no_secret() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    commerce = tomllib.loads(text)["connections"]["bikes-de"]["commerce"]
    assert commerce["token_secret"] == "bikes-token-secret"
    assert ".sandbox." not in text


def test_the_known_flows_are_those_that_exist() -> None:
    assert set(FLOW_NAMES) == {flow.name for flow in FLOWS}


def test_a_flow_that_the_caller_knows_is_accepted() -> None:
    text = SOUND.replace('"customers"]', '"stops"]')
    assert connections_from(text, flows=("orders", "stops")).connections["main"].flows == (
        "orders",
        "stops",
    )


def test_old_names_of_flows_and_sections_are_read_and_the_log_asks_for_the_present_ones(
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = SOUND.replace('"customers"]', '"postings", "receipts"]')
    text += '\n[connections.main.receipts]\nto = "comment"\n'
    connection = connections_from(text).connections["main"]
    assert connection.flows == ("orders", "posted_invoices", "write_back")
    assert connection.write_back.to == "comment"
    assert "Write posted_invoices instead of postings. Write write_back instead of" in caplog.text
    both = _reported(f'{text}\n[connections.main.write_back]\nto = "comment"\n')
    assert "connections.main.receipts" in both
    assert '"write_back" is named twice' in _reported(
        text.replace('"receipts"]', '"receipts", "write_back"]')
    )


def test_every_fault_is_told_at_once_in_the_order_of_the_lines() -> None:
    text = (
        SOUND.replace("https", "http", 2)
        .replace('token = "t"', "")
        .replace('company = "usmf"', "company = 5")
    )
    text = text.replace('site = "1"', "site = 1").replace('"theirs"', '"their"')
    with pytest.raises(BadConfiguration) as caught:
        connections_from(text, file="my.toml")
    faults = caught.value.faults
    assert [(fault.line, fault.path.removeprefix("connections.main.")) for fault in faults] == [
        (4, "commerce.token"),
        (5, "commerce.url"),
        (13, "dynamics.company"),
        (19, "stores.1.site"),
        (22, "orders.numbers"),
    ]
    assert str(caught.value).startswith(
        "my.toml has 5 faults:\n  line 4, connections.main.commerce.token: "
    )


def test_a_misspelt_name_is_not_told_as_missing_as_well() -> None:
    assert "1 fault:" in _reported(SOUND.replace("company =", "compagny ="))


def test_a_single_file_of_one_inline_table_is_located() -> None:
    text = "connections = { main = { commerce = { url = 'https://a.example', tokn = 'x' } } }"
    assert "line 1, connections.main.commerce.tokn" in _reported(text)


SECRET = "k3jh4kjh53k4j5h3k4jh5k34jh53kj45"
PLANTED = [
    ('token = "t"', f'token = "{SECRET}"'),
    ('token = "t"', f'token = "{SECRET}~._"'),
    ('token = "t"', f'token = "{SECRET}"\nwebhook = {{ keys = ["{SECRET}"] }}'),
    ('token = "t"', f'token = ["{SECRET}"]'),
    ('token = "t"', f'token = {{ value = "{SECRET}" }}'),
    ('token = "t"', f'token = "{SECRET}'),
    ('token = "t"', f'password = "{SECRET}"'),
    ('client_secret = "erp"', f'client_secret = "{SECRET}"'),
    ('client_secret = "erp"', f'client_secret = "erp"\nauth = "{SECRET}"'),
    ('client_secret = "erp"', f'client_secret = "erp"\nauth = "Basic {SECRET}"'),
    ('url = "https://shop.example"', f'url = "https://user:{SECRET}@shop.example"'),
    ('url = "https://shop.example"', f'url = "https://shop.example/?code={SECRET}"'),
    ('url = "https://shop.example"', f'url = "https://shop.example/rest/{SECRET}"'),
    ('numbers = "theirs"', f'numbers = "{SECRET}"'),
    ('numbers = "theirs"', f'posting = "{SECRET}"'),
]


@pytest.mark.parametrize(("old", "new"), PLANTED)
def test_no_secret_that_was_pasted_into_the_file_is_told(old: str, new: str) -> None:
    with pytest.raises(BadConfiguration) as caught:
        connections_from(SOUND.replace(old, new, 1))
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.faults)
    assert caught.value.__cause__ is None


def test_hosts_are_taken_in_small_letters_and_without_slashes_behind() -> None:
    text = SOUND.replace("https://erp.operations", "HTTPS://ERP.Operations").replace(
        "shop.example", "Shop.example/de/"
    )
    connection = connections_from(text.replace('dynamics.com"', 'dynamics.com//"')).connections[
        "main"
    ]
    assert connection.dynamics.url == "https://erp.operations.dynamics.com"
    assert connection.commerce.url == "https://shop.example/de"


@pytest.mark.parametrize(
    "host", ["localhost:7071", "127.0.0.1", "127.8.8.8:1", "[::1]:8080", "erp.localhost"]
)
def test_a_host_on_this_machine_may_be_plain_http_with_a_static_token(host: str) -> None:
    text = SOUND.replace("https://erp.operations.dynamics.com", f"http://{host}")
    text = text.replace('client_secret = "erp"', 'auth = "bearer"\nbearer = "dev-token"')
    assert connections_from(text).connections["main"].dynamics.url == f"http://{host}"


def test_a_managed_identity_needs_no_further_name() -> None:
    text = SOUND.replace(
        'tenant = "contoso.example"\nclient_id = "app"\nclient_secret = "erp"',
        'auth = "managed_identity"',
    )
    assert connections_from(text).connections["main"].dynamics.auth == "managed_identity"


def test_the_collective_account_may_stand_in_the_default_store() -> None:
    default = '[connections.main.stores.default]\nguest_account = "WEB"\n'
    text = f'{SOUND}{default}[connections.main.customers]\nguests = "collective"\n'
    assert connections_from(text).connections["main"].customers.guests == "collective"


STORE_1 = '[connections.main.stores.1]\nsite = "1"'
STORE_2 = '[connections.main.stores.2]\nsite = "1"'
DEFAULT = '[connections.main.stores.default]\nsite = "1"'


def _two(first: str = STORE_1, second: str = STORE_1, **other: str) -> str:
    """Two connections; in the other one, `other` replaces words."""
    later = SOUND.replace(STORE_1, second)
    for word, instead in {"host": "shop.example", "company": "usmf"}.items():
        later = later.replace(instead, other.get(word, instead))
    return SOUND.replace(STORE_1, first) + later.replace("connections.main", "connections.other")


def test_a_store_in_two_connections_is_a_fault() -> None:
    assert (
        'line 40, connections.other.stores.1: store "1" of this shop is in connection "main" as'
        " well" in _reported(_two())
    )


def test_a_store_whose_host_is_written_in_capitals_is_the_same_store() -> None:
    assert "would be posted twice" in _reported(_two(host="SHOP.example/"))


@pytest.mark.parametrize(
    ("first", "second", "where"),
    [
        (DEFAULT, STORE_1, "line 18, connections.main"),
        (STORE_1, DEFAULT, "line 40, connections.other"),
    ],
)
def test_the_default_store_of_a_shared_shop_is_a_fault(first: str, second: str, where: str) -> None:
    assert f'{where}.stores.default: "default" takes every store' in _reported(_two(first, second))


def test_two_connections_may_share_a_shop_store_by_store() -> None:
    assert len(connections_from(_two(STORE_1, STORE_2)).connections) == 2


def test_two_shops_of_one_legal_entity_need_references_of_their_own() -> None:
    reported = _reported(_two(host="other.example"))
    assert (
        'connection "main" has the same reference_template for another shop of this legal entity'
        in reported
    )
    assert "number_template" not in reported


def test_two_shops_of_one_legal_entity_that_we_number_need_numbers_of_their_own() -> None:
    reported = _reported(_two(host="other.example").replace('"theirs"', '"ours"'))
    assert (
        'connections.other.orders.number_template: connection "main" has the same number_template'
        in reported
    )


def test_two_shops_of_two_legal_entities_may_number_alike() -> None:
    assert len(connections_from(_two(host="other.example", company="demf")).connections) == 2


def test_two_shops_of_two_environments_may_number_alike() -> None:
    text = _two(host="other.example")
    first, mark, second = text.partition("[connections.other.dynamics]")
    assert (
        len(
            connections_from(
                first + mark + second.replace("https://erp.", "https://test.")
            ).connections
        )
        == 2
    )


def test_two_shops_of_one_legal_entity_with_prefixes_of_their_own_are_sound() -> None:
    text = _two(host="other.example").replace('"theirs"', '"ours"')
    first, mark, second = text.partition("[connections.other.orders]")
    orders = (
        '\nnumber_template = "B{store_id}-{increment_id}"\nreference_template = "B-{increment_id}"'
    )
    customers = (
        '[connections.other.customers]\nnumbers = "ours"\nnumber_template = "B{customer_id}"\n'
    )
    assert len(connections_from(first + mark + orders + second + customers).connections) == 2


def test_a_store_is_completed_from_the_default_one() -> None:
    connection = connections_from(SOUND).connections["main"]
    assert connection.store(1) == connection.stores["1"]
    assert connection.store(2) is None


def test_two_stores_numbered_by_us_need_the_store_in_the_number() -> None:
    text = (
        SOUND.replace('numbers = "theirs"', 'numbers = "ours"\nnumber_template = "W{increment_id}"')
        + STORE_2
    )
    assert "connections.main.orders.number_template: the template has no {store_id}" in _reported(
        text
    )
    assert connections_from(
        text.replace("W{increment_id}", "{increment_id}/{store_id}")
    ).connections["main"]


PAPERS = 'flows = ["orders", "customers", "invoices", "creditmemos"]'
REFERENCES = {
    "orders": "{store_id}-{increment_id}",
    "invoices": "{store_id}-I{increment_id}",
    "creditmemos": "{store_id}/C{increment_id}",
}


def _papers(section: str, template: str, stores: str) -> str:
    """The sound file with invoices and credit memos, one section's reference template, and further
    stores."""
    text = re.sub(r"flows = \[.*?\]", PAPERS, SOUND) + stores
    line = f'reference_template = "{template}"\n'
    banks = 'banks = { "*" = "B" }\n'
    tables = {
        "invoices": f"[connections.main.invoices]\n{banks}",
        "creditmemos": "[connections.main.creditmemos]\n",
    }
    if section == "orders":
        text = text.replace('numbers = "theirs"', f'numbers = "theirs"\n{line}', 1)
    else:
        tables[section] += line
    return text + "".join(tables.values())


@pytest.mark.parametrize(
    "stores", [f"{STORE_2}\n", f"{DEFAULT}\n"], ids=["two stores", "any store"]
)
@pytest.mark.parametrize("section", REFERENCES)
def test_references_name_the_store_wherever_more_than_one_store_view_can_send(
    section: str, stores: str
) -> None:
    connections_from(_papers(section, REFERENCES[section], stores))
    connections_from(_papers(section, "W{increment_id}", ""))
    reported = _reported(_papers(section, "W{increment_id}", stores))
    assert (
        f"connections.main.{section}.reference_template: the template has no {{store_id}}"
        in reported
    )
    assert "Put {store_id} into it" in reported


@pytest.mark.parametrize(
    "template",
    ["{store_id}{increment_id}", "{increment_id}{store_id}", "{store_id}0{increment_id}"],
)
def test_a_store_that_runs_into_the_number_tells_no_two_orders_apart(template: str) -> None:
    reported = _reported(_papers("orders", template, f"{STORE_2}\n"))
    assert "nothing shows where one number ends and the next begins" in reported


def test_two_connections_of_one_shop_are_told_apart_by_the_store_or_by_their_templates() -> None:
    text = _two(second=STORE_1.replace("stores.1", "stores.2"))
    connections_from(text)
    alike = text.replace(
        'numbers = "theirs"', 'numbers = "theirs"\nreference_template = "W{increment_id}"'
    )
    assert "has the same reference_template for other stores of this shop" in _reported(alike)


def test_return_orders_are_numbered_otherwise_than_sales_orders() -> None:
    text = _papers("creditmemos", REFERENCES["creditmemos"], "").replace(
        'numbers = "theirs"', 'numbers = "ours"', 1
    )
    connections_from(text)
    for template, what in (
        ("{store_id}-{increment_id}", "the number of the sales order"),
        ("{store_id}", "no {increment_id}"),
        ("RETURN-OF-WEB-{increment_id}", "23 characters"),
    ):
        table = "[connections.main.creditmemos]\n"
        reported = _reported(text.replace(table, f'{table}number_template = "{template}"\n'))
        assert "creditmemos.number_template" in reported
        assert what in reported


FILES: list[tuple[bytes, int, str]] = [
    (b"", 1, "there is nothing in the file"),
    (b" \r\n\t\r\n", 1, "there is nothing in the file"),
    (b"SQLite format 3\x00\x10\x00\x01\x01", 1, "this is not text"),
    (b"[a]\n\x89PNG\r\n\x1a\n", 2, "this is not text in UTF-8"),
    (SOUND.encode("utf-16"), 1, "this is not text in UTF-8"),
    ('[a]\nname = "Fahrräder"'.encode("latin-1"), 2, "this is not text in UTF-8"),
]


@pytest.mark.parametrize(("raw", "line", "fragment"), FILES)
def test_a_file_that_holds_no_text_is_told_as_such(
    tmp_path: Path, raw: bytes, line: int, fragment: str
) -> None:
    file = tmp_path / "connections.toml"
    file.write_bytes(raw)
    with pytest.raises(BadConfiguration, match=fragment) as caught:
        read_connections(file)
    assert [fault.line for fault in caught.value.faults] == [line]


def test_a_missing_file_is_told_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"the file: there is no such file\. Run `init`"):
        read_connections(tmp_path / "connections.toml")


def test_a_folder_in_the_files_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="it cannot be read: is a directory"):
        read_connections(tmp_path)


def test_a_file_saved_on_windows_with_a_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "connections.toml"
    file.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
    assert list(read_connections(file).connections) == ["main"]


_JSONISH = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.decimals(), st.text(max_size=5), st.dates()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
_PLACES = [
    f"{section}.{name}"
    for section, model in (("commerce", Commerce), ("dynamics", Dynamics))
    for name in model.model_fields
]


@pytest.mark.parametrize("system", ["commerce", "dynamics"])
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("send_within_seconds", 600),
        ("write_timeout_seconds", 600),
        ("commit_horizon_seconds", 3600),
    ],
)
def test_a_write_may_be_under_way_for_as_long_as_the_file_says(
    system: str, name: str, most: int
) -> None:
    heading = re.search(rf"^\[connections\..*\.{system}\]$", SOUND, re.MULTILINE)
    assert heading is not None

    def given(value: object) -> str:
        return SOUND.replace(heading[0], f"{heading[0]}\n{name} = {value}", 1)

    (connection,) = connections_from(given(most)).connections.values()
    assert getattr(getattr(connection, system), name) == most
    for wrong in (0, most + 1, '"60"', 1.5):
        assert name in _reported(given(wrong))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return "nan" if not value.is_finite() else "0.5"
    if isinstance(value, str):
        return (
            '"' + "".join(f"\\U{ord(c):08x}" for c in value if not 0xD800 <= ord(c) <= 0xDFFF) + '"'
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        unique = {_toml(name): _toml(inner) for name, inner in value.items()}
        return "{" + ", ".join(f"{name} = {inner}" for name, inner in unique.items()) + "}"
    return str(value)


@given(
    st.sampled_from(
        [*_PLACES, "stores.1.site", "stores", "orders", "orders.payments", "flows", "name"]
    ),
    _JSONISH,
)
def test_whatever_stands_in_a_place_is_taken_or_told(place: str, value: Any) -> None:
    tables: dict[str, Any] = {"main": tomllib.loads(SOUND)["connections"]["main"]}
    table, *names = tables["main"], *place.split(".")
    for name in names[:-1]:
        table = table.setdefault(name, {})
    table[names[-1]] = value
    faults = _faults(f"connections = {_toml(tables)}")
    assert all(fault.line == 1 and fault.what and fault.remedy for fault in faults)


def _faults(text: str) -> tuple[Fault, ...]:
    try:
        connections_from(text)
    except BadConfiguration as refused:
        return refused.faults
    return ()


def test_what_the_example_leaves_out_is_sound_where_it_is_taken_up() -> None:
    text = re.sub(
        r"^# (?=\[connections\.|[a-z_-]+ = )",
        "",
        EXAMPLE.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    flows = ", ".join(f'"{name}"' for name in FLOW_NAMES)
    text = text.replace('flows = ["orders", "customers"]', f"flows = [{flows}]", 1)
    connection = connections_from(text).connections["bikes-de"]
    assert connection.invoices.accounts["gift_cards"]
    assert connection.write_back.to == "comment"
    assert connection.companies.contacts


@pytest.mark.parametrize("section", ["customers", "companies", "prices"])
def test_a_currency_that_is_none_is_told_with_its_line(section: str) -> None:
    told = _reported(f'{SOUND}\n[connections.main.{section}]\ncurrency = "euro"\n')
    assert "this is not a currency's code" in told


def test_every_pattern_of_the_configuration_has_words_of_its_own() -> None:
    def patterns(schema: Any) -> Iterator[str]:
        if isinstance(schema, dict):
            yield from (one for name, one in schema.items() if name == "pattern")
            yield from schema.get("patternProperties", ())
        if isinstance(schema, dict | list):
            for part in schema.values() if isinstance(schema, dict) else schema:
                yield from patterns(part)

    assert {*patterns(Connections.model_json_schema())} == PATTERNS.keys()


def test_two_connections_do_not_send_the_same_accounts_to_one_shop() -> None:
    text = _two(first=STORE_1, second=STORE_2).replace(
        '"customers"]', '"customers", "companies", "accounts"]'
    )
    groups = "\n[connections.{name}.accounts]\ngroups = {groups}\n"
    for others, is_told in (('["20", "10"]', True), ('["20"]', False)):
        both = text + groups.format(name="main", groups='["10"]')
        both += groups.format(name="other", groups=others)
        told = "\n".join(str(fault) for fault in _faults(both))
        assert ("sends the same accounts to this shop" in told) == is_told


@pytest.mark.parametrize(
    ("first", "second", "is_told"), [(0, 0, True), (0, 2, True), (1, 1, True), (1, 2, False)]
)
def test_two_connections_do_not_show_prices_in_one_website(
    first: int, second: int, is_told: bool
) -> None:
    text = _two(first=STORE_1, second=STORE_2).replace('"customers"]', '"customers", "prices"]')
    for name, website in (("main", first), ("other", second)):
        views = f"store_view = {website}\n" if website else ""
        text += f'\n[connections.{name}.prices]\ncurrency = "USD"\nwebsite = {website}\n{views}'
    told = "\n".join(str(fault) for fault in _faults(text))
    assert ("shows its prices in the same website of this shop" in told) == is_told
