"""Every recorded error answer of a live shop, and the shapes that others put before it, as
decisions and sentences."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.commerce.bodies import UNSHOWN, said_by
from sync.commerce.errors import (
    NotAccepted,
    NotAllowed,
    NotThere,
    PageTooLarge,
    RestCall,
    TooManyRows,
    error_from,
    is_maintenance,
    lost,
    retry_after,
    unreadable,
)
from sync.core.errors import (
    Later,
    Never,
    NotProvided,
    Paused,
    SignInRefused,
    Unknown,
    Unsaved,
    said_in,
)

PAYLOADS = Path(__file__).parents[1] / "payloads" / "commerce_live"
NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)

RECORDED: dict[str, tuple[type[Exception], str]] = {
    "error_401_anonymous": (
        NotAllowed,
        "The consumer isn't authorized to access Magento_Sales::actions_view.",
    ),
    "error_401_limited_integration_products": (
        NotAllowed,
        "isn't authorized to access Magento_Catalog::products.",
    ),
    "error_404_no_route": (NotProvided, "Request does not match any route."),
    "error_accept_text_html": (Later, "titled 'there has been an error processing your request'"),
    "error_async_get": (NotAccepted, "Specified request cannot be processed."),
    "error_bad_store_code": (NotAccepted, "Specified request cannot be processed."),
    "error_bulk_detailed_404": (
        NotThere,
        "Bulk uuid 00000000-0000-0000-0000-000000000000 not exist",
    ),
    "error_bulk_one_item_wrong_root_rejects_all": (
        NotAccepted,
        '"product" is required. Enter and try again.',
    ),
    "error_content_type_form": (
        NotAccepted,
        "Server cannot understand Content-Type HTTP header media type …",
    ),
    "error_creditmemo_404": (NotThere, "The entity that was requested doesn't exist."),
    "error_customer_bad_email": (NotAccepted, '"Email" is not a valid email address.'),
    "error_customer_missing_lastname": (NotAccepted, '"Last Name" is a required value.'),
    "error_invoice_404": (NotThere, "The entity that was requested doesn't exist."),
    "error_invoice_on_hold_order": (
        Later,
        "An invoice cannot be created when an order has a status of holded",
    ),
    "error_invoice_too_many": (
        Later,
        'We found an invalid quantity to invoice item "…".',
    ),
    "error_order_404": (NotThere, "The entity that was requested doesn't exist."),
    "error_order_id_not_int": (
        NotAccepted,
        'The "…" value\'s type is invalid. The "int" type was expected.',
    ),
    "error_orders_filter_without_field": (Later, "Report ID: webapi-6b01e085744de"),
    "error_orders_missing_searchcriteria": (NotAccepted, '"searchCriteria" is required.'),
    "error_orders_pagesize_not_int": (NotAccepted, 'Error occurred during "pageSize" processing.'),
    "error_orders_unknown_criteria_key": (
        NotAccepted,
        '"…" is not supported. Correct the field name',
    ),
    "error_orders_unknown_sort_field": (Later, "Report ID: webapi-6b01e0855c81d"),
    "error_product_bad_attribute_set": (
        NotAccepted,
        "Invalid product data: Invalid attribute set entity type",
    ),
    "error_product_duplicate_url_key": (NotAccepted, "URL key for specified store already exists."),
    "error_product_no_name": (NotAccepted, 'The "Product Name" attribute value is empty.'),
    "error_product_no_sku": (NotAccepted, 'The "sku" attribute value is empty.'),
    "error_product_sku_too_long": (NotAccepted, "SKU length should be … characters maximum."),
    "error_refund_not_invoiced": (
        Later,
        "The most money available to refund is ….",
    ),
    "error_refund_too_many": (
        Later,
        'We found an invalid quantity to refund item "…".',
    ),
    "error_ship_insufficient_source_quantity": (
        Later,
        "Could not save a shipment, see error log for details",
    ),
    "error_ship_order_404": (NotThere, "The entity that was requested doesn't exist."),
    "error_ship_unknown_source": (Later, "Could not save a shipment, see error log for details"),
    "error_source_items_empty": (NotAccepted, "Input data is empty"),
    "error_source_items_unknown_source": (NotAccepted, "Could not save Source Item"),
    "error_stock_item_put_404": (NotThere, 'The Product with the "…" SKU doesn\'t exist.'),
    "products_list_unknown_filter_field": (NotAccepted, 'The "…" attribute name is invalid.'),
}


def call(*, writes: bool = False, edition: str = "paas", skew: timedelta | None = None) -> RestCall:
    return RestCall(
        "Commerce at shop.example.com",
        "POST orders" if writes else "GET orders",
        writes,
        edition,
        NOW,
        skew,
    )


PAGE = b"<html><title>404 Not Found</title>"


def answer(status: int, body: Any = b"", **headers: str) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=raw, headers=named)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_recorded_refusal_is_decided_and_told_in_one_sentence(name: str) -> None:
    exchange = json.loads((PAYLOADS / f"{name}.json").read_text())
    response = exchange["response"]
    body = response["body"].encode() if isinstance(response["body"], str) else response["body"]
    error = error_from(
        answer(response["status"], body), call(writes=exchange["request"]["method"] != "GET")
    )
    kind, sentence = RECORDED[name]
    assert type(error) is kind
    assert sentence in str(error)
    assert "%" not in str(error)
    assert "\n" not in str(error)


def test_every_recorded_refusal_is_in_the_table() -> None:
    assert {path.stem for path in PAYLOADS.glob("error_*.json")} <= RECORDED.keys()


def test_every_recorded_oauth_refusal_is_later_but_a_missing_right() -> None:
    rows = [
        row
        for row in json.loads((PAYLOADS / "oauth_matrix.json").read_text())["rows"]
        if row["status"] == 401
    ]
    assert len(rows) > 5
    for row in rows:
        error = error_from(answer(401, row["body"].encode()), call())
        assert isinstance(error, Never if "isn't authorized" in row["body"] else Later), row["case"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            {"message": "%1 of %2, %10", "parameters": ["order", "item", *"cdefghi", "invoice"]},
            "order of item, invoice",
        ),
        (
            {
                "message": "%field is not %fieldName",
                "parameters": {"field": "sku", "fieldName": "store_id"},
            },
            "sku is not store_id",
        ),
        (
            {
                "message": "No such entity with %fieldName = %fieldValue",
                "parameters": {"fieldName": "customerId", "fieldValue": 17},
            },
            "No such entity with customerId = 17",
        ),
        ({"message": "The %unknown value", "parameters": []}, "The … value"),
        ({"message": "100% of it", "parameters": "text"}, "… of it"),
        ({"message": "%1 is invalid", "parameters": ["%2", "x"]}, "… is invalid"),
        (
            {
                "message": "One or more input exceptions have occurred.",
                "errors": [
                    {"message": '"%fieldName" is required.', "parameters": {"fieldName": "email"}},
                    {"message": "Not valid.", "parameters": {}},
                    "nonsense",
                    {"text": "no message"},
                ],
            },
            'One or more input exceptions have occurred. "email" is required.; Not valid.',
        ),
        (
            {
                "messages": {
                    "error": [
                        {
                            "code": 500,
                            "message": "Server internal error. See details in report api/1234567",
                        }
                    ]
                }
            },
            "Server internal error. See details in report api/1234567",
        ),
        ({"message": "Too Many Requests", "trace": None}, "Too Many Requests"),
        (
            {"error": "invalid_client", "error_description": "invalid client_secret"},
            "invalid client_secret",
        ),
        (
            {"message": "Invalid %1. " * 300, "parameters": ["sku"]},
            ("Invalid sku. " * 39)[:500] + "…",
        ),
        ({"messages": {"error": "text"}}, "JSON without a message."),
        (["a", "list"], "JSON without a message."),
        (b"", "no text."),
        (b'{"message":"trunc', f"not JSON, {UNSHOWN}"),
        (b"<html><title> 403  Forbidden\n</title><body>x", "an HTML page titled '403 forbidden'."),
        (b"<html><title>Ann Lee</title>", "an HTML page."),
        (b"<b>denied</b> for a@b.example", "not JSON, starting 'denied for …'."),
        (b"\xff\xfe", f"not JSON, {UNSHOWN}"),
    ],
)
def test_any_shape_of_body_becomes_one_sentence(body: Any, sentence: str) -> None:
    assert said_by(answer(400, body)).sentence == sentence


@pytest.mark.parametrize(
    ("message", "parameters", "told"),
    [
        ("Customer Jane Doe, 5 Elm Street cannot be saved", [], "Customer … cannot be saved"),
        ("%1 cannot be saved", ["Jane Doe"], "… cannot be saved"),
        ("A customer jane.doe@example.com exists already", {}, "A customer … exists already"),
        (
            "No such entity with %fieldName = %fieldValue",
            {"fieldName": "email", "fieldValue": "jane@example.com"},
            "No such entity with email = …",
        ),
        (
            'The "%telephone" telephone is invalid',
            {"telephone": "01761234567"},
            'The "…" telephone is invalid',
        ),
        ("%Jane is invalid", {"Jane": "Doe"}, "… is invalid"),
        ("Order of Rose Price was rejected", [], "Order of … was rejected"),
        ("Vat number DE123456789 is not valid", [], "Vat number … is not valid"),
        ("The order of 1980-02-03 is invalid", [], "The order of … is invalid"),
        ("See details in report Doe", [], "See details in report …"),
        ("Der Kunde Jürgen Müller, Hauptstraße 7, ist gesperrt", [], UNSHOWN),
        ("La cliente Zoé Lefèvre habite 12 rue des Lilas", [], UNSHOWN),
        ("El cliente José Núñez ya existe", [], UNSHOWN),
        ("De heer J. van den Berg bestaat al", [], UNSHOWN),
        ("Klient Zażółć Gęślą nie istnieje", [], UNSHOWN),
        ("顧客 山田太郎 は存在します", [], UNSHOWN),
        ("العميل ليلى غير موجود", [], UNSHOWN),
        ("Пользователь Анна Каренина не найдена", [], UNSHOWN),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 404, 409, 500])
def test_nobody_is_named_and_the_full_wording_is_for_the_encrypted_copies(
    status: int, message: str, parameters: Any, told: str
) -> None:
    body = {"message": message, "parameters": parameters, "trace": "Jane Doe"}
    error = error_from(answer(status, body), call())
    assert isinstance(error, Later | Never)
    assert f"{told.rstrip('.')}." in error.reason
    assert said_in(error) == said_by(answer(status, body)).words
    values = parameters if isinstance(parameters, list) else parameters.values()
    shown_to_people = f"{error.reason} {getattr(error, 'remedy', '')} {getattr(error, 'code', '')}"
    assert not [value for value in values if value != "email" and str(value) in shown_to_people]
    assert all(str(value) in error.said for value in values if value != "Doe")


def test_only_rights_that_have_a_rights_form_reach_the_remedy() -> None:
    body = {"message": "The consumer isn't authorized to access %resources.",
            "parameters": {"resources": "Jane Doe, Magento_Sales::comment"}}  # fmt: skip
    error = error_from(answer(401, body), call())
    assert isinstance(error, Never)
    assert "Jane" not in f"{error.reason} {error.remedy}"
    assert "Magento_Sales::comment" in error.remedy


def test_a_stack_trace_is_never_told() -> None:
    body = {"message": "Bad", "trace": "#0 /var/www/html/secret.php"}
    assert "secret.php" not in str(error_from(answer(400, body), call()))


def test_the_shops_report_id_is_kept_as_code() -> None:
    body = {"message": "Not good. Report ID: webapi-65a1b2c3d4e5f"}
    error = error_from(answer(400, body), call())
    assert isinstance(error, Never)
    assert error.code == "webapi-65a1b2c3d4e5f"


def test_a_missing_right_names_the_resource_its_box_and_the_menu() -> None:
    body = {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": "Magento_Sales::actions_view, X_Y::z"},
    }
    error = error_from(answer(401, body), call())
    assert isinstance(error, Never)
    for words in (
        "Sales > Operations > Orders > Actions > View (Magento_Sales::actions_view), X_Y::z",
        "System > Extensions > Integrations",
    ):
        assert words in error.remedy


def test_a_missing_right_without_a_name_still_has_a_remedy() -> None:
    error = error_from(
        answer(401, {"message": "The consumer isn't authorized to access %resources."}), call()
    )
    assert isinstance(error, Never)
    assert "the resource that this service needs" in error.remedy


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (timedelta(seconds=-700), "700 s ahead of the shop's"),
        (timedelta(seconds=30), "30 s behind the shop's"),
        (None, "Compare this machine's clock"),
    ],
)
def test_a_refused_nonce_speaks_of_clocks(skew: timedelta | None, words: str) -> None:
    error = error_from(
        answer(401, {"message": "An error occurred validating the nonce"}), call(skew=skew)
    )
    assert type(error) is SignInRefused
    assert words in error.reason


@pytest.mark.parametrize(
    "body",
    [
        {"message": "Signature method %1 is not supported", "parameters": ["HMAC-SHA1"]},
        {"message": "The token length is invalid. Check the length and try again."},
    ],
)
def test_credentials_refused_with_400_are_the_connections_trouble_not_the_records(
    body: dict[str, Any],
) -> None:
    error = error_from(answer(400, body), call())
    assert type(error) is SignInRefused
    assert "Integrations" in error.reason


def test_a_401_of_the_service_speaks_of_the_scope() -> None:
    error = error_from(answer(401, {"message": "Oauth token is not valid"}), call(edition="saas"))
    assert type(error) is SignInRefused
    assert "commerce.accs" in error.reason


@pytest.mark.parametrize(
    ("status", "edition", "words"),
    [
        (413, "paas", "page_size"),
        (414, "saas", "page_size"),
        (405, "paas", "stands between us"),
        (409, "paas", "stands between us"),
    ],
)
def test_other_refusals_are_never_with_a_remedy(status: int, edition: str, words: str) -> None:
    error = error_from(answer(status, {"message": "No"}), call(edition=edition))
    assert type(error) is (TooManyRows if status == 413 else Never)
    assert words in error.remedy


def test_a_store_view_that_the_shop_lacks_is_told_with_the_settings_that_name_it() -> None:
    error = error_from(answer(400, {"message": "Specified request cannot be processed."}), call())
    assert type(error) is NotAccepted
    assert "commerce.scope" in error.remedy


@pytest.mark.parametrize(
    ("found", "edition", "words"),
    [
        (answer(403, {"message": "No"}), "saas", "product profile"),
        (answer(403, PAGE), "paas", "firewall"),
        (answer(301, location="https://other.example/rest"), "paas", "redirects"),
        (answer(302, PAGE, location="/customer/account/login"), "paas", "redirects"),
        (answer(404, PAGE), "paas", "proxy"),
        (answer(404), "saas", "proxy"),
    ],
)
def test_what_answers_in_the_shops_place_holds_records_until_it_is_corrected(
    found: httpx.Response, edition: str, words: str
) -> None:
    """No record is to blame. Only a firewall, which looks at answers too, leaves a write open."""
    error = error_from(found, call(edition=edition, writes=True))
    assert type(error) is (Unknown if found.status_code == 403 else Later)
    assert type(error_from(found, call(edition=edition))) is Later
    assert error.is_outage
    assert words in error.remedy


@pytest.mark.parametrize(
    ("header", "edition", "seconds"),
    [
        ("7", "paas", 7),
        ("1.5", "saas", 1.5),
        ("0", "saas", 1),
        ("999999999", "saas", 3600),
        ("Thu, 01 Jan 2026 12:00:40 GMT", "paas", 40),
        ("Thu, 01 Jan 2026 11:00:00 GMT", "paas", 1),
        ("Thu, 01 Jan 2026 12:00:40 -0000", "paas", 40),
        ("soon", "paas", 30),
        ("-3", "saas", 5),
        ("", "paas", 30),
        ("", "saas", 5),
    ],
)
def test_a_429_pauses_the_shop_for_as_long_as_it_asks(
    header: str, edition: str, seconds: float
) -> None:
    error = error_from(
        answer(429, {"message": "Too Many Requests"}, retry_after=header), call(edition=edition)
    )
    assert isinstance(error, Paused)
    assert error.after == timedelta(seconds=seconds)
    assert error.system == "Commerce at shop.example.com"
    assert not error.counts


def test_a_retry_date_is_measured_by_the_shops_clock() -> None:
    reply = answer(429, retry_after="Thu, 01 Jan 2026 12:02:00 GMT")
    assert retry_after(reply, call(skew=timedelta(seconds=90)).server_time) == timedelta(seconds=30)


@pytest.mark.parametrize("writes", [False, True])
def test_maintenance_is_later_at_nobodys_cost_and_nothing_was_written(writes: bool) -> None:
    page = b"<title>503 Service Temporarily Unavailable</title> due to maintenance downtime"
    error = error_from(answer(503, page), call(writes=writes))
    assert type(error) is Later
    assert error.after == timedelta(seconds=10)
    assert not error.counts
    reported = error_from(answer(503, page, retry_after="600"), call(writes=writes))
    assert isinstance(reported, Later)
    assert reported.after == timedelta(minutes=10)


def test_a_500_that_speaks_of_maintenance_is_none() -> None:
    assert not is_maintenance(answer(500, b"maintenance"))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520])
def test_a_write_answered_by_a_server_fault_may_have_been_committed(status: int) -> None:
    assert type(error_from(answer(status, b"<title>x</title>"), call(writes=True))) is Unknown
    assert type(error_from(answer(status, b"<title>x</title>"), call())) is Later


@pytest.mark.parametrize(
    "message",
    [
        "Could not save a shipment, see error log for details",
        "The product was unable to be saved. Please try again.",
        "SQLSTATE[40001]: Deadlock found when trying to get lock",
        "Lock wait timeout exceeded; try restarting transaction",
    ],
)
def test_passing_troubles_that_answer_400_are_later(message: str) -> None:
    assert type(error_from(answer(400, {"message": message}), call(writes=True))) is Later


@pytest.mark.parametrize("document", ["an invoice", "a Creditmemo"])
def test_a_document_that_was_not_saved_says_nothing_of_the_gateways_money(document: str) -> None:
    said = {"message": f"Could not save {document}, see error log for details"}
    assert type(error_from(answer(400, said), call(writes=True))) is Unsaved


@pytest.mark.parametrize(
    ("body", "most"),
    [
        ({"message": "Maximum SearchCriteria pageSize is %max", "parameters": {"max": 300}}, 300),
        ({"message": "Maximum SearchCriteria pageSize is 20"}, 20),
    ],
)
def test_a_limit_of_page_sizes_is_read(body: dict[str, Any], most: int) -> None:
    error = error_from(answer(400, body), call())
    assert isinstance(error, PageTooLarge)
    assert error.most == most


def test_a_limit_of_rows_is_read() -> None:
    template = 'Maximum items of type "%type" is %max'
    body = {"message": template, "parameters": {"type": "Item", "max": 20}}
    error = error_from(answer(400, body), call(writes=True))
    assert isinstance(error, TooManyRows)
    assert error.most == 20
    nothing = {"message": template, "parameters": {"type": "Item"}}
    assert type(error_from(answer(400, nothing), call(writes=True))) is NotAccepted


@pytest.mark.parametrize("parameters", [{}, {"max": 0}, {"max": "x"}])
def test_a_limit_that_says_nothing_is_an_ordinary_refusal(parameters: dict[str, Any]) -> None:
    body = {"message": "Maximum SearchCriteria pageSize is %max", "parameters": parameters}
    assert type(error_from(answer(400, body), call())) is NotAccepted


@pytest.mark.parametrize(
    ("error", "reading", "writing"),
    [
        (httpx.ConnectError("x"), Later, Later),
        (httpx.ConnectTimeout("x"), Later, Later),
        (httpx.PoolTimeout("x"), Later, Later),
        (httpx.ProxyError("x"), Later, Later),
        (httpx.ReadTimeout("x"), Later, Unknown),
        (httpx.ReadError("x"), Later, Unknown),
        (httpx.WriteError("x"), Later, Unknown),
        (httpx.WriteTimeout("x"), Later, Unknown),
        (httpx.RemoteProtocolError("x"), Later, Unknown),
        (httpx.DecodingError("x"), Later, Unknown),
        (httpx.UnsupportedProtocol("x"), Never, Never),
        (httpx.LocalProtocolError("x"), Never, Never),
    ],
)
def test_a_lost_answer_is_unknown_only_where_a_write_may_have_arrived(
    error: httpx.RequestError, reading: type[Exception], writing: type[Exception]
) -> None:
    assert type(lost(error, call())) is reading
    assert type(lost(error, call(writes=True))) is writing


def test_success_that_cannot_be_read_is_later_for_reads_and_unknown_for_writes() -> None:
    assert type(unreadable("it is HTML", call())) is Later
    assert type(unreadable("it is HTML", call(writes=True))) is Unknown
