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
    deeper = {"message": "The root.", "internalexception": {"message": ""}}
    assert infolog.read(odata("Outer.", internalexception=deeper)).text == "The root."
    assert infolog.read(odata("Infolog: Error: Why.", internalexception=deeper)).text == "Why."


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "no explanation"),
        (b"{}", "no explanation"),
        (b"[]", "no explanation"),
        (b'{"error":{"message":{"lang":"en"}}}', "no explanation"),
        (b'"gone"', "gone"),
        (b'{"error":"invalid"}', "invalid"),
        (b'{"Message":"No HTTP resource was found."}', "No HTTP resource was found."),
        (
            b'{"Message":"Oh.","ExceptionMessage":"Deep.","InnerException":{"Message":"Deeper."}}',
            "Deeper.",
        ),
        (
            b"<html><head><title>\n502 Bad Gateway\n</title></head></html>",
            "an HTML page: 502 Bad Gateway",
        ),
        (b"<!doctype html><body>x", "an HTML page"),
        (b"Bad gateway", "Bad gateway"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_a_body_of_any_kind_is_read(body: bytes, text: str) -> None:
    assert infolog.read(body).text == text


def test_a_page_is_no_json_and_silence_is() -> None:
    assert not infolog.read(b"<html></html>").is_json
    assert infolog.read(b"").is_json


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
        ('Record "Jane Doe" is locked.', "Record '…' is locked."),
        ("Customer US-001 is blocked; item 'A-100' too.", None),
        ("Field 'Customer group' must be filled in.", None),
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
        ("See https://e/data/X(1), or /data/Y('Doe').", "See '…', or '…'."),
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
        "Infolog: " + "; ".join(f"Error: Sentence {number}." for number in range(9))
    )
    assert reported[-2:] == ["Sentence 5.", "(3 more)"]
    (long,) = infolog.sentences("x" * 100_000)
    assert (len(long), long[-1]) == (infolog.LONGEST, "…")


@given(st.text(max_size=300), st.emails())
def test_no_e_mail_ever_passes(text: str, email: str) -> None:
    shown = " ".join(infolog.sentences(f"{text} {email} {text}"))
    assert email not in shown


@given(st.binary(max_size=200))
def test_no_body_is_too_odd_to_be_read(body: bytes) -> None:
    assert infolog.read(body).text
