"""Recipes of invoices and credit memos: what they cannot do without is told on its line, before
anything runs."""

import pytest

from sync.config.connections import Connection
from sync.config.file.reading import BadConfiguration, connections_from
from tests.config.test_broken_files import FLOWS, SOUND

INVOICES = "\n[connections.main.invoices]\n"
MEMOS = "\n[connections.main.creditmemos]\n"
WRITE_BACK = "\n[connections.main.write_back]\n"
BANKS = 'banks = { "*" = "OPER" }\n'
ALIKE = f"""{INVOICES}{BANKS}
recipe = "both"
revenue_account = "401000"
reference_template = "{{increment_id}}"
{MEMOS}
recipe = "free-text-credit"
reference_template = "{{increment_id}}"
"""


def text_of(*sections: str, flows: str = "") -> str:
    """The sound file with more flows and sections."""
    return SOUND.replace(FLOWS, f'flows = ["orders", "customers"{flows}]') + "".join(sections)


def faults_of(text: str) -> list[str]:
    try:
        connections_from(text)
    except BadConfiguration as bad:
        return [str(fault) for fault in bad.faults]
    return []


def read(text: str) -> Connection:
    return connections_from(text).connections["main"]


SOUND_ONES = [
    text_of(INVOICES, BANKS, flows=', "invoices"'),
    text_of(
        INVOICES, 'recipe = "free-text-invoice"\nrevenue_account = "401000"\n', flows=', "invoices"'
    ),
    text_of(
        INVOICES,
        'recipe = "free-text-invoice"\naccounts = { shipping = "401000" }\n',
        flows=', "invoices"',
    ),
    text_of(
        INVOICES,
        BANKS,
        'recipe = "both"\nrevenue_account = "401000"\n',
        MEMOS,
        'recipe = "free-text-credit"\n',
        flows=', "invoices", "creditmemos"',
    ),
    text_of(flows=', "creditmemos"'),
    text_of(INVOICES, BANKS, MEMOS, "refund_payment = true\n", flows=', "creditmemos"'),
    text_of(INVOICES, 'recipe = "both"\n'),
    text_of(INVOICES, 'reference_template = "W{store_id}.{order_increment_id}/{increment_id}"\n'),
    text_of(INVOICES, 'reference_template = "I{increment_id}"\n'),
    text_of(WRITE_BACK, 'to = "comment"\n', flows=', "write_back"'),
    text_of(flows=', "posted_invoices"'),
]


@pytest.mark.parametrize("text", SOUND_ONES)
def test_a_complete_recipe_is_sound(text: str) -> None:
    assert faults_of(text) == []


BROKEN = [
    (text_of(flows=', "invoices"'), "banks", 'recipe "payment-journal" needs a bank account'),
    (
        text_of(INVOICES, 'journal = " "\n', BANKS, flows=', "invoices"'),
        "journal",
        '"journal" is empty',
    ),
    (
        text_of(INVOICES, 'recipe = "free-text-invoice"\n', flows=', "invoices"'),
        "revenue_account",
        'recipe "free-text-invoice" needs a main account',
    ),
    (
        text_of(INVOICES, 'recipe = "both"\nrevenue_account = "1"\n', flows=', "invoices"'),
        "banks",
        'recipe "both" needs a bank account',
    ),
    (
        text_of(MEMOS, 'recipe = "free-text-credit"\n', flows=', "creditmemos"'),
        "revenue_account",
        'recipe "free-text-credit" needs a main account',
    ),
    (
        text_of(MEMOS, "refund_payment = true\n", flows=', "creditmemos"'),
        "banks",
        "refund_payment needs a bank account",
    ),
    (
        text_of(INVOICES, 'accounts = { shipping = "" }\n'),
        "accounts.shipping",
        "the account is empty",
    ),
    (text_of(INVOICES, 'banks = { "*" = " " }\n'), 'banks."*"', "the account is empty"),
    (
        text_of(INVOICES, "dimension_delimiter = '\\'\n"),
        "dimension_delimiter",
        "cannot part the segments",
    ),
    (
        text_of(INVOICES, 'dimension_delimiter = "7"\n'),
        "dimension_delimiter",
        "cannot part the segments",
    ),
    (
        text_of(INVOICES, 'reference_template = "{number}"\n'),
        "reference_template",
        "which is not known here",
    ),
    (
        text_of(MEMOS, 'reference_template = "{order_increment_id}"\n'),
        "reference_template",
        "has no {increment_id}",
    ),
    (
        text_of(INVOICES, 'reference_template = "{order_increment_id}-{increment_id}"\n'),
        "reference_template",
        "where {order_increment_id} ends",
    ),
    (
        text_of(MEMOS, 'reference_template = "{store_id}{increment_id}"\n'),
        "reference_template",
        "where {store_id} ends",
    ),
    (
        text_of(ALIKE, flows=', "invoices", "creditmemos"'),
        "reference_template",
        "the same reference in F&O",
    ),
    (text_of(WRITE_BACK, 'to = "comment"\n'), "write_back.to", 'the flow "write_back" is not on'),
    (text_of(flows=', "write_back"'), "write_back.to", 'to = "none"'),
]


@pytest.mark.parametrize(("text", "where", "fragment"), BROKEN)
def test_what_a_recipe_lacks_is_told_with_its_place_and_remedy(
    text: str, where: str, fragment: str
) -> None:
    (fault,) = faults_of(text)
    assert where in fault
    assert fragment in fault
    assert fault.count(". ") >= 1


@pytest.mark.parametrize("section", [INVOICES, MEMOS, WRITE_BACK])
def test_a_section_that_is_not_sound_in_itself_hides_no_other_fault(section: str) -> None:
    reported = faults_of(text_of(section, "surprise = 1\n", "[connections.main.items]\nrule = 7\n"))
    assert [fault.partition(":")[0].rpartition(".")[2] for fault in reported] == [
        "surprise",
        "rule",
    ]


def test_invoices_and_memos_have_references_of_their_own_unless_told_otherwise() -> None:
    connection = read(text_of())
    assert connection.invoices.reference_template != connection.creditmemos.reference_template


def test_two_shops_of_one_legal_entity_need_references_of_their_own_for_invoices_too() -> None:
    flows = ', "invoices", "creditmemos"'
    one = text_of(INVOICES, BANKS, flows=flows)
    other = one.replace("connections.main", "connections.other").replace(
        "shop.example", "other.example"
    )
    other = other.replace(
        'numbers = "theirs"', 'numbers = "theirs"\nreference_template = "X{increment_id}"'
    )
    reported = faults_of(one + other)
    assert sorted(
        fault.partition(", connections.other.")[2].partition(".")[0] for fault in reported
    ) == [
        "creditmemos",
        "invoices",
    ]
    assert all("same reference_template for another shop" in fault for fault in reported)
