"""Companies and accounts are matched by the first rule that finds any; what is not clear is left to
a person."""

from sync.mapping_tables.company_matching import Named, match_companies

RULES = ("number", "tax_number", "email")


def named(key: str, **values: str) -> Named:
    return Named(key, values)


def test_the_first_rule_that_finds_any_decides() -> None:
    companies = [
        named("1", number="a-1 "), named("2", tax_number="T2"), named("3", email="X@y.example"),
        named("4", email="z@y.example"), named("5", email="z@y.example"), named("6", number="A-1x"),
    ]  # fmt: skip
    accounts = [
        named("A-1", number="A-1", tax_number="T2"), named("A-3", email="x@y.example"),
        named("A-4", email="z@y.example"), named("A-5", tax_number=""),
    ]  # fmt: skip
    found = match_companies(companies, accounts, RULES)
    assert [(one.account, one.source_key, one.matched_by) for one in found.matched] == [
        ("A-1", "1", "number"), ("A-3", "3", "email")
    ]  # fmt: skip
    (several,) = found.ambiguous
    assert (several.key, several.candidates) == ("A-4", ("4", "5"))
    assert [one.key for one in found.unmatched] == ["A-5"]


def test_a_company_that_fits_two_accounts_is_nobodys() -> None:
    accounts = [named("A-1", tax_number="T"), named("A-2", tax_number="t")]
    found = match_companies([named("1", tax_number="T")], accounts, RULES)
    assert not found.matched
    assert [one.key for one in found.ambiguous] == ["A-1", "A-2"]
