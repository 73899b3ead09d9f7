import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.mapping_tables.matching import (
    RULES,
    SEARCH_NAME,
    Account,
    Ambiguous,
    Product,
    ReleasedItem,
    Shopper,
    Unmatched,
    match_customers,
    match_items,
    rewritten,
    unmatched_options,
)
from sync.mapping_tables.records import AccountMapping, ItemMapping, normal_sku


def test_a_sku_that_is_an_item_number_is_matched_whatever_its_case() -> None:
    found = match_items([Product(" a-1 ")], [ReleasedItem("A-1")])
    assert found.matched == (ItemMapping("a-1", "A-1"),)
    assert found.by_rule == {"item_number": 1}


def test_a_sku_that_is_a_variant_number_is_matched_to_item_and_dimensions() -> None:
    variant = ReleasedItem("TEE", "TEE : M : Red", color="Red", size="M")
    found = match_items([Product("tee : m : red")], [ReleasedItem("TEE", is_master=True), variant])
    assert found.matched == (ItemMapping("tee : m : red", "TEE", color="Red", size="M"),)


def test_a_barcode_is_asked_where_no_number_fits() -> None:
    items = [ReleasedItem("1000", barcodes=("4006381333931",)), ReleasedItem("1001")]
    found = match_items(
        [Product("PEN", barcode="4006381333931"), Product("1001", barcode="4006381333931")], items
    )
    assert [(item.sku, item.item_number) for item in found.matched] == [
        ("PEN", "1000"),
        ("1001", "1001"),
    ]
    assert found.by_rule == {"barcode": 1, "item_number": 1}


def test_several_items_that_fit_are_left_to_a_person() -> None:
    items = [
        ReleasedItem("1", barcodes=("77",)),
        ReleasedItem("2", color="Red", barcodes=("77", " 77")),
    ]
    found = match_items([Product("PEN", barcode="77")], items)
    assert found.ambiguous == (Ambiguous("PEN", "barcode", ("1", "2 Red"), "several items fit"),)


def test_several_products_that_fit_one_item_are_left_to_a_person() -> None:
    products = [Product("PEN", barcode="77"), Product("PEN-10", barcode="77")]
    found = match_items(products, [ReleasedItem("1", barcodes=("77",))])
    assert found.matched == ()
    assert [entry.reason for entry in found.ambiguous] == [
        "another SKU fits this item as well or better"
    ] * 2


def test_the_stronger_rule_has_the_item() -> None:
    products = [Product("PEN", barcode="77"), Product("1")]
    found = match_items(products, [ReleasedItem("1", barcodes=("77",))])
    assert [item.sku for item in found.matched] == ["1"]
    assert [entry.key for entry in found.ambiguous] == ["PEN"]


def test_an_item_with_variants_is_not_matched_without_dimensions() -> None:
    found = match_items([Product("TEE")], [ReleasedItem("TEE", is_master=True)])
    assert found.unmatched == (
        Unmatched("TEE", "item TEE has variants, so its dimensions must be named"),
    )


def test_products_that_are_never_sold_themselves_are_not_missed() -> None:
    found = match_items(
        [Product("TEE", "configurable"), Product("SET", "grouped"), Product("BAG", "bundle")], []
    )
    assert found.counts() == {"matched": 0, "ambiguous": 0, "unmatched": 1, "not_sold": 2}


def test_a_bundle_that_is_sold_as_its_parts_needs_no_item() -> None:
    found = match_items([Product("SET", "bundle", is_dynamic=True), Product("BOX", "bundle")], [])
    assert [one.key for one in found.unmatched] == ["BOX"]
    assert found.not_sold == 1


@pytest.mark.parametrize(
    ("mapped", "by_base", "listed"),
    [
        (set(), False, ["ENG-1-TXT", "ENG-2-MAT"]),
        ({"eng-1"}, False, ["ENG-1-TXT", "ENG-2-MAT"]),
        ({"eng-1-txt"}, False, ["ENG-2-MAT"]),
        ({"eng-1"}, True, ["ENG-2-MAT"]),
        ({"eng-1", "eng-2"}, True, []),
    ],
)
def test_ordered_custom_options_without_an_item_are_listed(
    mapped: set[str], by_base: bool, listed: list[str]
) -> None:
    products = [Product("ENG-1", identifier=1), Product("ENG-2", identifier=2)]
    ordered = {"ENG-2-MAT": 2, "ENG-1-TXT": 1, "ENG-1": 1, "OTHER-X": 1, "GONE-X": 3}
    mapped = {normal_sku(sku) for sku in mapped}
    found = unmatched_options(ordered, products, mapped, by_base=by_base)
    assert [one.key for one in found] == listed
    assert all("ENG-" in one.reason for one in found)


def test_a_row_that_was_read_twice_counts_once() -> None:
    found = match_items([Product("A"), Product("a ")], [ReleasedItem("A"), ReleasedItem("A")])
    assert found.counts() == {"matched": 1, "ambiguous": 0, "unmatched": 0, "not_sold": 0}


def test_a_sku_that_no_table_can_hold_is_told() -> None:
    found = match_items([Product("A\x01")], [ReleasedItem("a\x01")])
    assert found.unmatched == (Unmatched("A\x01", "sku holds a control character"),)


def test_skus_that_differ_by_a_system_are_matched_by_a_rule_of_their_own() -> None:
    rules = (*RULES, rewritten("WEB-(.+)", r"\1"), SEARCH_NAME)
    items = [ReleasedItem("1000"), ReleasedItem("2000", search_name="PEN")]
    found = match_items(
        [Product("web-1000"), Product("pen"), Product("WEB-"), Product("")], items, rules
    )
    assert [(item.sku, item.item_number) for item in found.matched] == [
        ("web-1000", "1000"),
        ("pen", "2000"),
    ]
    assert found.unmatched == (Unmatched("WEB-", "no rule finds an item"),)


_SKUS = st.text("aAbB1 ", min_size=1, max_size=3)
_CODES = st.sampled_from(["", "7", "8"])


@given(
    st.lists(st.builds(Product, _SKUS, st.just("simple"), st.just(""), _CODES), max_size=6),
    st.lists(
        st.builds(lambda number, code: ReleasedItem(number, barcodes=(code,)), _SKUS, _CODES),
        max_size=6,
    ),
)
def test_every_product_has_one_verdict_and_no_item_is_given_twice(
    products: list[Product], items: list[ReleasedItem]
) -> None:
    found = match_items(products, items)
    reported = [item.sku.strip() for item in found.matched] + [
        entry.key.strip() for entry in found.ambiguous
    ]
    reported += [entry.key.strip() for entry in found.unmatched]
    assert sorted(sku.casefold() for sku in reported) == sorted(
        {p.sku.strip().casefold() for p in products} - {""}
    )
    given_out = [item.item_number for item in found.matched]
    assert len(given_out) == len(set(given_out))


def test_two_products_with_two_barcodes_of_one_item_are_left_to_a_person() -> None:
    rows = [ReleasedItem("A", barcodes=("7",)), ReleasedItem("A", barcodes=("8",))]
    found = match_items([Product("1", barcode="7"), Product("11", barcode="8")], rows)
    assert found.matched == ()
    assert {entry.key for entry in found.ambiguous} | {entry.key for entry in found.unmatched} == {
        "1",
        "11",
    }


def test_a_customer_who_names_an_account_has_it() -> None:
    found = match_customers(
        [Shopper("17", "a@example.com", " us-001 ")],
        [Account("US-001"), Account("2", "a@example.com")],
    )
    assert found.matched == (AccountMapping("customer", "17", "US-001", "customer_number"),)


def test_a_customer_is_known_by_the_address_whatever_its_case() -> None:
    found = match_customers(
        [Shopper("17", "Ann@Example.com")], [Account("US-001", "ann@example.com ")]
    )
    assert found.matched == (AccountMapping("customer", "17", "US-001", "email"),)


def test_the_buyers_of_a_company_share_its_account() -> None:
    shoppers = [Shopper("1", account_number="C1"), Shopper("2", account_number="C1")]
    assert [entry.account for entry in match_customers(shoppers, [Account("C1")]).matched] == [
        "C1",
        "C1",
    ]


@pytest.mark.parametrize("email", ["shared@example.com", "SHARED@example.com"])
def test_accounts_with_one_address_are_left_to_a_person(email: str) -> None:
    found = match_customers(
        [Shopper("17", email)],
        [Account("1", "shared@example.com"), Account("2", "shared@example.com")],
    )
    assert found.matched == ()
    assert found.ambiguous == (Ambiguous("17", "email", ("1", "2"), "several accounts fit"),)


def test_a_customer_who_names_no_existing_account_is_left_to_a_person() -> None:
    found = match_customers(
        [Shopper("17", "a@example.com", "GONE")], [Account("1", "a@example.com")]
    )
    assert found.unmatched == (
        Unmatched("17", "there is no account with the number that the customer names"),
    )


def test_only_the_rules_that_are_asked_for_apply() -> None:
    found = match_customers(
        [Shopper("17", "a@example.com", "1")], [Account("1", "b@example.com")], ["email"]
    )
    assert found.unmatched == (Unmatched("17", "no rule finds an account"),)


def test_an_empty_address_matches_nothing() -> None:
    assert match_customers([Shopper("17")], [Account("1")]).counts()["unmatched"] == 1


def test_no_address_is_in_what_is_reported() -> None:
    shoppers = [
        Shopper("1", "ann@example.com"),
        Shopper("2", "bob@example.com"),
        Shopper("3", "eve@example.com"),
    ]
    accounts = [
        Account("A", "ann@example.com"),
        Account("B", "bob@example.com"),
        Account("C", "bob@example.com"),
    ]
    assert "@" not in repr(match_customers(shoppers, accounts))
    assert "@" not in repr((shoppers, accounts))
