from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.encoding import to_json
from sync.dynamics import infolog


def odata(message: str, **inner: Any) -> bytes:
    return to_json(
        {
            "error": {
                "code": "",
                "message": "An error has occurred.",
                "innererror": {
                    "message": message,
                    "type": "AxODataWriteException",
                    "stacktrace": "at Secret",
                    **inner,
                },
            }
        }
    )


def test_the_cause_is_told_without_level_noise_and_stack_trace() -> None:
    said = infolog.read(
        odata(
            "Write failed for table row of type 'CustCustomerV3Entity'. Infolog: Warning: The value"
            " 'Local' in field 'Customer group' is not found in the related table 'Customer"
            " groups'.; Warning: validateField failed on field"
            " 'CustCustomerV3Entity.CustomerGroupId'.; Warning: The value 'Local' in field"
            " 'Customer group' is not found in the related table 'Customer groups'.; Error: Update"
            " has been canceled.;"
        )
    )
    assert (
        said.text
        == "The value 'Local' in field 'Customer group' is not found in the related table 'Customer"
        " groups'."
    )
    assert "Secret" not in said.words


def test_noise_is_told_when_there_is_nothing_else() -> None:
    said = infolog.read(
        odata("Write failed. Infolog: Error: validateWrite failed on data source 'SalesTable'.")
    )
    assert said.text == "validateWrite failed on data source 'SalesTable'."


def test_the_deepest_message_counts_and_the_one_with_an_infolog_counts_more() -> None:
    deeper = {"message": "The table is locked.", "internalexception": {"message": ""}}
    assert infolog.read(odata("Outer.", internalexception=deeper)).text == "The table is locked."
    assert (
        infolog.read(odata("Infolog: Error: Not found.", internalexception=deeper)).text
        == "Not found."
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "no explanation"),
        (b"{}", "no explanation"),
        (b"[]", "no explanation"),
        (b'{"error":{"message":{"lang":"en"}}}', "no explanation"),
        (b'"deleted"', "deleted"),
        (b'{"error":"invalid"}', "invalid"),
        (b'{"Message":"No HTTP resource was found."}', "No HTTP resource was found."),
        (
            (
                b'{"Message":"Failed.","ExceptionMessage":"Failed.",'
                b'"InnerException":{"Message":"Not'
                b' found."}}'
            ),
            "Not found.",
        ),
        (
            b"<html><head><title>\n502 Bad Gateway\n</title></head></html>",
            "an HTML page: 502 bad gateway",
        ),
        (b"<!doctype html><body>x", "an HTML page"),
        (b"Bad gateway", "Bad gateway"),
        (b"\xff\xfe", infolog.UNSHOWN),
        (b'{"Message":"M\xc3\xbcller, Hauptstra\xc3\x9fe 7"}', infolog.UNSHOWN),
    ],
)
def test_a_body_of_any_kind_is_read(body: bytes, text: str) -> None:
    assert infolog.read(body).text == text


@pytest.mark.parametrize("body", [b"<html></html>", b"Blocked", b'{"message": "No"}', b"[]"])
def test_what_has_no_form_of_f_and_os_errors_is_a_gateways(body: bytes) -> None:
    assert infolog.read(body).is_page
    for own in (b"", b'{"error": {"message": "No"}}', b'{"Message": "No"}'):
        assert not infolog.read(own).is_page


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            (
                "The value 'Net 30 days' in field 'Terms of payment' is not found in the related"
                " table 'Terms'."
            ),
            None,
        ),
        (
            "The value 'Jane Doe' in field 'Delivery name' is not valid.",
            "The value '…' in field 'Delivery name' is not valid.",
        ),
        (
            "The value 'O'Hare' in field 'City' is not valid.",
            "The value '…' in field 'City' is not valid.",
        ),
        (
            (
                "The value '12345' in field 'ZIP/postal code' is not found in the related table"
                " 'ZIP/postal codes'."
            ),
            (
                "The value '…' in field 'ZIP/postal code' is not found in the related table"
                " 'ZIP/postal codes'."
            ),
        ),
        (
            "The value 'j@d.example' in field 'ID' is wrong.",
            "The value '…' in field 'ID' is wrong.",
        ),
        ("Contact jane.doe+x@shop.example about it.", "Contact … about it."),
        ("Reached at +1 (555) 123-4567 today.", "Reached at … today."),
        ("'Pat O'Brien' is not allowed.", "'…' is not allowed."),
        ('Record "Jane Doe" is locked.', 'Record "…" is locked.'),
        ("Customer US-001 is blocked; item 'A-100' too.", None),
        ("Field 'Customer group' must be filled in.", None),
        ("Customer USMF-000001 is on hold: All.", None),
        *(
            (f"The value 'NOSUCH' in field '{label}' is not valid.", None)
            for label in (
                "Disposition code",
                "Return reason code",
                "Mode of delivery",
                "Terms of payment",
                "Item sales tax group",
                "Method of payment",
                "Site",
                "Warehouse",
                "Unit",
                "Cost center",
                "Department",
                "Line of business",
                "Size",
                "Journal name",
                "Sales origin",
                "Posting profile",
                "Currency",
                "Number sequence code",
            )
        ),
        (
            (
                "Cannot create a record in Customers (CustTable). Customer account: C42. The record"
                " already exists."
            ),
            None,
        ),
        (
            (
                "Cannot create a record in Parties (DirParty). Name: Jane Doe. The record already"
                " exists."
            ),
            "Cannot create a record in Parties (DirParty). Name: …. The record already exists.",
        ),
        ("See https://e/data/X(1), or /data/Y('Doe').", "See …, or …."),
        (
            (
                "No HTTP resource was found that matches the request URI '/data/X(Name='Jane"
                " Doe')'. No route data."
            ),
            "No HTTP resource was found that matches the request URI '…'. No route data.",
        ),
        (
            (
                "No HTTP resource was found that matches the request URI"
                " 'https://e/data/X(Email='j%40d.example')'."
            ),
            "No HTTP resource was found that matches the request URI '…'.",
        ),
    ],
)
def test_codes_and_labels_stay_and_personal_data_does_not(sentence: str, shown: str | None) -> None:
    assert infolog.sentences(f"Infolog: Error: {sentence}") == [shown or sentence]


def test_long_and_many_sentences_are_cut() -> None:
    reported = infolog.sentences(
        "Infolog: " + "; ".join(f"Error: Number {number}." for number in range(9))
    )
    assert reported[-2:] == ["Number 5.", "(3 more)"]
    (long,) = infolog.sentences("value " * 20_000)
    assert (len(long), long[-1]) == (infolog.LONGEST, "…")


INVENTED = (
    "Party 'Quagmirez' already exists.",
    "Customer 'Quagmirez' cannot be created.",
    "Customer 'Zebulonia Quagmirez' exists with account C42.",
    "The value 'Quagmirez' in field 'Search name' is not valid.",
    "The value 'Quagmirez' in field 'Known as' is not found in the related table 'DirParty'.",
    "The value 'x' is not 'Quagmirez' in field 'Customer group'.",
    "The value 'Quagmirez' in field 'Quagmirez' is not valid.",
    "A customer Zebulonia Quagmirez exists already.",
    "Zebulonia Price, 77 Secretive Ln, Canaryville is not a valid address.;",
    "Customer Price exists already",
    "Customer group for zebulonia quagmirez of canaryville is missing",
    "Field 'First name' must be filled in for Quagmirez",
    "Field 'Quagmirez' must be filled in",
    "Field 'Zebulonia must be filled in",
    "Duplicate: Quagmirez",
    "Customer: Quagmirez. The record already exists.",
    "Tax exempt number 'DE123456789' is invalid",
    "Tax registration number DE123456789",
    (
        "The value '90001' in field 'ZIP/postal code' is not found in the related table 'ZIP/postal"
        " codes'."
    ),
    "The value '0176/12345678' in field 'Extension' is wrong.",
    "Birthday 1980-02-03 wrong",
    "Order date for number 1980-02-03",
    "IBAN DE89370400440532013000 is invalid",
    "Card number 4111111111111111 refused",
    "e-mail address zq at canary",
    "Bestellung von Quagmirez, Zebulonia wurde abgelehnt",
    "Delivery address of Mr. Price is not valid",
    "Dr. Z. Price is on hold",
    "Ordered by Mrs. Price. The record exists.",
    "Zebulonia.Quagmirez is not a member; Quagmirez_Zebulonia neither; nor ZebuloniaQuagmirez",
)
PLANTED = (
    "zebulonia", "quagmirez", "secretive", "77", "canaryville", "price", "de123456789", "90001",
    "0176", "1980", "de89", "4111", "zq",
)  # fmt: skip


@pytest.mark.parametrize("sentence", INVENTED)
@pytest.mark.parametrize(
    "body", [lambda text: odata(f"Infolog: Warning: {text}"), odata, str.encode]
)
def test_nobody_is_named_whatever_the_wording(sentence: str, body: Callable[[str], bytes]) -> None:
    said = infolog.read(body(sentence))
    assert not [word for word in PLANTED if word in said.text.lower()]
    assert sentence.rstrip(";") in said.words, "the wording is there for the copies"


@pytest.mark.parametrize(
    "sentence",
    ["Long, John: not valid", "Page 7 Street", "May Quagmirez cannot be found", "Mr. Long. Day."],
)
def test_a_name_that_is_a_word_as_well_begins_no_sentence(sentence: str) -> None:
    said = infolog.read(odata(f"Infolog: Error: {sentence}")).text
    assert not [name for name in ("Long", "Page", "May", "Day") if name in said]


@given(
    st.lists(st.from_regex(r"[A-Z][a-z]{2,8}ez", fullmatch=True), min_size=1, max_size=4), st.data()
)
def test_a_name_never_passes_in_whatever_place(names: list[str], data: st.DataObject) -> None:
    words = data.draw(
        st.lists(
            st.sampled_from(
                ["Customer", "'", "account", "The value", "in field", "'Customer group'", "is", "."]
            ),
            max_size=8,
        )
    )
    text = " ".join(data.draw(st.permutations([*names, *words])))
    assert not [
        name for name in names if name in " ".join(infolog.sentences(f"Infolog: Error: {text}"))
    ]


@given(st.text(max_size=300), st.emails())
def test_no_e_mail_ever_passes(text: str, email: str) -> None:
    shown = " ".join(infolog.sentences(f"{text} {email} {text}"))
    assert email not in shown


@given(st.binary(max_size=200))
def test_no_body_is_too_odd_to_be_read(body: bytes) -> None:
    assert infolog.read(body).text
