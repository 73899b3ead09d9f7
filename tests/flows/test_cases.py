"""Returns and complaints as cases of Dataverse: made once, noted on, resolved, opened again, and
what they decide."""

import pytest

from sandbox.dials import Kind
from sync.cli.person import Named, Records
from sync.engine.claim import State
from sync.engine.corrections import Corrections
from sync.preview.returns import preview_case
from sync.reconcile.difference import Cause
from tests.flows.cases import Serving, in_service, key
from tests.harness import GUEST, key_of
from tests.reconcile.planted import reconciled as books_of


@in_service()
async def test_a_return_is_a_case_from_its_request_to_its_end(ours: Serving) -> None:
    order = await ours.sold(pieces=2)
    account = await ours.knows(order)
    rma = await ours.requested(order, 2)
    await ours.looks()
    case = ours.case_of(rma)
    assert (case["customerid"], case["casetypecode"], case["statecode"]) == (account, 3, 0)
    assert order.row["increment_id"] in case["title"]
    assert "2 x SIMPLE-001" in case["description"]
    assert ours.header(order)["SalesOrderNumber"] in case["description"]
    ours.receives(rma)
    ours.credits(rma)
    await ours.looks()
    assert ours.now(rma)["status"] == "processed_closed"
    assert (case["statecode"], case["statuscode"]) == (1, 5)
    told = ours.notes(case)
    assert {"Return order", "Refund in Commerce", "Return closed"} <= {*told}
    assert len(told) == len({*told})
    texts = [one["comment"] for one in ours.now(rma)["comments"]]
    assert sum("was opened" in text for text in texts) == 1
    assert sum("is solved" in text for text in texts) == 1
    before = len(ours.service.requests)
    await ours.replays(f"return|{key(rma)}", "cases")
    assert len(ours.cases) == 1
    assert not [one for one in ours.service.requests[before:] if not one.startswith("GET")]


@in_service(flows=("orders", "customers", "order_issues", "cases", "case_states"))
async def test_a_complaint_is_a_case_and_a_new_one_opens_it_again(ours: Serving) -> None:
    order = ours.place()
    await ours.delivers(order)
    await ours.knows(order)
    ours.commerce.comment(order, {"comment": "It arrived BROKEN."}, None)
    ours.loses_a_comment()
    await ours.looks()
    case = ours.case_of(order)
    assert "damaged" in case["title"]
    assert [one["notetext"] for one in ours.service.notes_of(case["incidentid"])] == [
        "It arrived BROKEN."
    ]
    assert await ours.parked("order_issues") == []
    ours.loses_a_comment()
    ours.service.set_status(case["incidentid"], 1, 5)
    await ours.looks()
    texts = [str(one["comment"]) for one in order.comments]
    assert [text for text in texts if text.startswith("Case ")] == [
        f"Case {case['ticketnumber']} is solved.",
        f"Case {case['ticketnumber']} was opened.",
    ]
    ours.commerce.comment(order, {"comment": "And a part is missing"}, None)
    await ours.looks()
    assert (case["statecode"], case["statuscode"]) == (0, 1)
    assert len(ours.notes(case)) == 2
    assert len(ours.cases) == 1
    ours.service.set_status(case["incidentid"], 1, 5)
    await ours.looks()
    assert case["statecode"] == 1


@in_service()
async def test_a_person_reads_what_case_would_be_made(ours: Serving) -> None:
    order = await ours.sold()
    account = await ours.knows(order)
    rma = ours.asks_to_return(order)
    number = str(rma["increment_id"])
    made, told = await preview_case(number, await ours.as_it_stands(), "return")
    assert (made.outcome, told.outcome) == ("deliver", "skip")
    (request,) = made.requests
    assert request.path.startswith("/incidents(")
    assert request.body is not None
    assert request.body["customerid_account@odata.bind"] == f"/accounts({account})"
    assert ours.cases == []


@in_service(cases={"quote": False})
async def test_words_of_a_customer_stay_in_the_shop_where_that_is_wanted(ours: Serving) -> None:
    order = ours.place()
    await ours.delivers(order)
    await ours.knows(order)
    ours.commerce.comment(order, {"comment": "broken, says Ann"}, None)
    await ours.looks()
    assert "Ann" not in str(ours.service.tables)


@pytest.mark.long
@in_service()
async def test_a_customer_whom_dataverse_lacks_waits_for_a_person(ours: Serving) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    await ours.looks()
    claim = await ours.claim(f"return|{key(rma)}", "cases")
    account = ours.header(order)["OrderingCustomerAccountNumber"]
    assert claim.state is State.PARKED
    assert account in claim.reason + claim.remedy
    assert "cases.customers" in claim.remedy
    for name in ("A", "B"):
        ours.service.create("accounts", None, {"name": name, "accountnumber": account})
    await ours.replays(claim.key, "cases")
    assert "several" in (await ours.claim(claim.key, "cases")).reason
    ours.service.tables["accounts"].popitem()
    await ours.replays(claim.key, "cases")
    assert len(ours.cases) == 1


@in_service(cases={"contacts": "email"})
async def test_a_guest_is_found_by_address_and_stands_in_no_url(ours: Serving) -> None:
    order = await ours.sold(shopper=GUEST)
    email = str(order.row["customer_email"])
    who = ours.service.create("contacts", None, {"lastname": "Guest", "emailaddress1": email})
    rma = await ours.requested(order, 1)
    await ours.looks()
    assert ours.case_of(rma)["customerid"] == who["contactid"]
    assert not [one for one in ours.service.requests if email.split("@", maxsplit=1)[0] in one]


@pytest.mark.long
@in_service(cases={"order_property": "new_order"})
async def test_a_case_names_the_sales_order_where_dataverse_has_it(ours: Serving) -> None:
    order = await ours.sold()
    await ours.knows(order)
    number = ours.header(order)["SalesOrderNumber"]
    there = ours.service.create("salesorders", None, {"name": "x", "ordernumber": number})
    rma = await ours.requested(order, 1)
    await ours.looks()
    assert ours.case_of(rma)["new_order"] == there["salesorderid"]


@in_service(
    returns={"photos": "rma-photos/{rma_id}"},
    cases={"note_type_id": "Note", "key_column": "new_shopkey"},
)
async def test_photos_reach_the_case_and_its_decision_the_return_order(ours: Serving) -> None:
    order = await ours.sold(pieces=2)
    await ours.knows(order)
    rma = ours.asks_to_return(order)
    ours.commerce.rma_photos[rma["entity_id"]] = [
        {"name": "broken.jpg", "base64_encoded_data": "aGVsbG8="}
    ]
    await ours.looks()
    case = ours.case_of(rma)
    assert case["new_shopkey"] == f"shop.example.com return|{key(rma)}"
    (photo,) = [one for one in ours.service.notes_of(case["incidentid"]) if one["isdocument"]]
    assert (photo["filename"], photo["mimetype"]) == ("broken.jpg", "image/jpeg")
    assert photo["documentbody"] == "aGVsbG8="
    ours.service.set_status(case["incidentid"], 0, 4)
    for _ in range(2):
        await ours.looks()
    told = ours.rows("ReturnOrderHeaderDocumentAttachments", DocumentAttachmentTypeCode="Note")
    assert [(one["ReturnOrderNumber"], one["AttachmentDescription"]) for one in told] == [
        (ours.number(rma), f"Case {case['ticketnumber']}: replacement")
    ]
    assert "decided on a replacement" in told[0]["Notes"]
    await ours.replays(f"return|{key(rma)}", "cases")
    assert len(ours.service.notes_of(case["incidentid"])) == len({*ours.notes(case)})


@in_service()
async def test_what_a_case_decides_waits_until_a_system_shows_it(ours: Serving) -> None:
    order = await ours.sold(pieces=2)
    await ours.knows(order)
    rma = await ours.requested(order, 2)
    await ours.looks()
    case = ours.case_of(rma)
    ours.service.set_status(case["incidentid"], 0, 2)
    await ours.looks()
    claim = await ours.claim(f"return|{key(rma)}", "case_states")
    assert claim.is_different
    assert ours.number(rma) in claim.remedy
    ours.receives(rma)
    ours.credits(rma)
    await ours.looks()
    assert not (await ours.claim(claim.key, "case_states")).is_different


@in_service(returns={"authorise": "person"}, cases={"steps": {"3": {"decision": "authorise"}}})
async def test_a_case_lets_a_stopped_return_order_go_on_once(ours: Serving) -> None:
    order = await ours.sold(pieces=2)
    await ours.knows(order)
    rma = await ours.requested(order, 2)
    await ours.looks()
    assert ours.of(rma)["IsReturnProcessingStopped"] == "Yes"
    ours.ledger_dials.next(Kind.LOST, writes=True, path="ReturnOrderHeadersV2")
    case = ours.case_of(rma)
    ours.service.set_status(case["incidentid"], 0, 3)
    await ours.looks()
    await ours.looks()
    assert ours.of(rma)["IsReturnProcessingStopped"] == "No"
    assert ours.now(rma)["status"] == "authorized"
    ours.dynamics.store.update(
        "ReturnOrderHeadersV2", ours.of(rma), {"IsReturnProcessingStopped": "Yes"}
    )
    await ours.replays(f"return|{key(rma)}", "case_states")
    assert ours.of(rma)["IsReturnProcessingStopped"] == "Yes"
    assert await ours.parked("case_states") == []


@pytest.mark.long
@in_service(flows=("orders", "customers", "order_issues", "cases", "case_states"))
async def test_a_decision_about_an_order_waits_for_a_person(ours: Serving) -> None:
    order = ours.place()
    await ours.delivers(order)
    await ours.knows(order)
    ours.commerce.comment(order, {"comment": "missing"}, None)
    await ours.looks()
    ours.service.set_status(ours.case_of(order)["incidentid"], 0, 4)
    await ours.looks()
    claim = await ours.claim(f"order|{key_of(order)}", "case_states")
    assert claim.is_different
    assert "at no price" in claim.remedy
    person = Corrections(ours.services.ledger, ours.clock, "Ann", "sent")
    assert await person.resolve(claim)
    await ours.looks()
    assert not (await ours.claim(claim.key, "case_states")).is_different


@in_service()
async def test_a_case_that_people_opened_again_stays_open(ours: Serving) -> None:
    order = await ours.sold()
    await ours.knows(order)
    rma = await ours.requested(order, 1)
    await ours.looks()
    case = ours.case_of(rma)
    ours.commerce.rmas[rma["entity_id"]]["status"] = "closed"
    await ours.services.intake.accept("cases", "shop", [f"return|{key(rma)}"], "event")
    await ours.works_until_idle()
    assert case["statecode"] == 1
    ours.service.set_status(case["incidentid"], 0, 1)
    ours.commerce.rmas[rma["entity_id"]]["status"] = "processed_closed"
    await ours.replays(f"return|{key(rma)}", "cases")
    assert "Return processed_closed" in ours.notes(case)
    assert case["statecode"] == 0


@in_service()
async def test_each_return_has_its_case_or_it_is_told_why(ours: Serving) -> None:
    order = await ours.sold(pieces=2)
    rma = await ours.requested(order, 1)
    await ours.looks()
    (told,), _ = await books_of(ours, "cases")
    assert (told.cause, told.dynamics) == (Cause.PARKED, None)
    await ours.knows(order)
    await ours.replays(f"return|{key(rma)}", "cases")
    assert (await books_of(ours, "cases"))[0] == []
    ours.commerce.rmas[rma["entity_id"]]["status"] = "closed"  # and no event tells of it
    (told,), _ = await books_of(ours, "cases")
    assert (told.cause, "replay" in told.command) == (Cause.AMOUNT, True)
    await ours.replays(f"return|{key(rma)}", "cases")
    assert (await books_of(ours, "cases"))[0] == []
    ours.service.tables["incidents"].clear()
    (told,), _ = await books_of(ours, "cases")
    assert (told.cause, "forget cases" in told.command) == (Cause.MISSING, True)


@in_service()
async def test_an_erasure_reaches_what_was_kept_of_cases(ours: Serving) -> None:
    order = await ours.sold()
    await ours.knows(order)
    rma = await ours.requested(order, 1)
    ours.commerce.comment(order, {"comment": "broken, says Ann"}, None)
    await ours.looks()
    opened = await ours.services.systems_pool.open("shop")
    named = Named(orders=[str(order.row["increment_id"])])
    records = await Records(ours.services, opened).of(named)
    about, complaint = f"return|{key(rma)}", f"order|{key_of(order)}"
    assert {
        ("returns", key(rma)), ("return_states", key(rma)), ("order_issues", key_of(order)),
        ("cases", about), ("cases", complaint), ("case_states", about), ("case_states", complaint),
    } <= {*records}  # fmt: skip
    kept = ours.services.documents
    assert "Ann" in str(await kept.last(f"shop|cases|{complaint}", "sent"))
    assert [one async for one in ours.services.erasure.erase("shop", records)]
    assert await kept.last(f"shop|cases|{complaint}", "sent") is None
    assert (await ours.claim(complaint, "cases")).number == ours.case_of(order)["ticketnumber"]


@pytest.mark.long
@in_service()
async def test_a_case_that_was_deleted_asks_what_is_to_be_done(ours: Serving) -> None:
    order = await ours.sold()
    await ours.knows(order)
    rma = await ours.requested(order, 1)
    await ours.looks()
    ours.service.tables["incidents"].clear()
    ours.receives(rma)
    await ours.looks()
    claim = await ours.claim(f"return|{key(rma)}", "cases")
    assert claim.state is State.PARKED
    assert "forget cases" in claim.remedy


@pytest.mark.parametrize(("kind", "path"), [
    (Kind.LOST, "incidents("),
    *(
        pytest.param(kind, path, marks=pytest.mark.long)
        for kind in (Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED)
        for path in ("incidents(", "annotations(", "$batch", "CloseIncident")
    ),
])  # fmt: skip
@in_service()
async def test_a_lost_answer_makes_no_second_case_and_no_second_note(
    ours: Serving, kind: Kind, path: str
) -> None:
    order = await ours.sold()
    await ours.knows(order)
    ours.systems.service_dials.next(kind, seconds=40, writes=True, path=path)
    rma = await ours.requested(order, 1)
    await ours.looks()
    ours.receives(rma)
    ours.credits(rma)
    await ours.looks()
    await ours.systems.service_dials.settle()
    await ours.looks()
    case = ours.case_of(rma)
    assert case["statecode"] == 1
    assert len(ours.notes(case)) == len({*ours.notes(case)})
    assert await ours.parked("cases") == []


@pytest.mark.long
@pytest.mark.parametrize("before", ["claims", "trail"])
@in_service()
async def test_a_process_that_dies_makes_no_second_case(ours: Serving, before: str) -> None:
    order = await ours.sold()
    await ours.knows(order)
    ours.asks_to_return(order)
    await ours.polls("cases")
    await ours.works_until_it_dies(before=before)
    await ours.looks()
    assert len(ours.cases) == 1


@pytest.mark.long
@in_service()
async def test_orders_go_on_while_dataverse_is_away(ours: Serving) -> None:
    order = await ours.sold()
    ours.systems.service_dials.error_before_rate = 1.0
    rma = ours.asks_to_return(order)
    for flow in ("returns", "cases"):
        await ours.polls(flow)
    await ours.works_for(900)
    another = ours.place()
    await ours.hooks(another)
    await ours.works_for(60)
    assert (await ours.claim(another)).state is State.DELIVERED
    assert ours.number(rma)
    ours.systems.service_dials.error_before_rate = 0.0
    await ours.knows(order)
    await ours.works_for(1800)
    await ours.looks()
    assert len(ours.cases) == 1


@pytest.mark.long
@in_service()
async def test_a_missing_privilege_stops_the_flow_and_names_it(ours: Serving) -> None:
    order = await ours.sold()
    await ours.knows(order)
    ours.service.denied = {"prvAppendToAccount"}
    rma = ours.asks_to_return(order)
    await ours.polls("cases")
    await ours.works_for(60)
    (pause,) = await ours.services.flow_pauses.standing()
    assert (pause.flow, "prvAppendToAccount" in pause.why) == ("cases", True)
    ours.service.denied = set()
    await ours.services.flow_pauses.resume("shop", "cases", by="Ann")
    await ours.looks()
    assert ours.case_of(rma)
