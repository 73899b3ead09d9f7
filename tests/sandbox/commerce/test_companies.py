"""Companies of the double as REST shows them: searched by the columns of their table, regions by
country."""

from typing import Any

import httpx
import pytest

from sandbox.commerce.state import Change, CommerceState
from sync.core.encoding import from_json
from tests.sandbox.commerce.shop import criteria


async def found(shop: httpx.AsyncClient, path: str, status: int = 200) -> Any:
    response = await shop.get(f"/rest/all/V1/{path}")
    assert response.status_code == status, response.text
    return from_json(response.content)


async def test_a_company_is_read_by_its_id_and_without_what_is_null(
    shop: httpx.AsyncClient,
) -> None:
    company = await found(shop, "company/2")
    assert (company["id"], company["status"], company["super_user_id"]) == (2, 1, 2)
    assert "legal_name" not in company
    await found(shop, "company/77", 404)


async def test_companies_are_searched_by_the_columns_of_their_table_with_or_without_the_slash(
    shop: httpx.AsyncClient,
) -> None:
    for path in ("company", "company/"):
        listed = await found(shop, f"{path}?{criteria(('entity_id', 'eq', '4'))}")
        assert [row["id"] for row in listed["items"]] == [4]
    await found(shop, f"company/?{criteria(('updated_at', 'gt', '2026-01-01'))}", 500)


async def test_a_countrys_regions_have_codes(shop: httpx.AsyncClient) -> None:
    country = await found(shop, "directory/countries/US")
    assert {"id": "12", "code": "CA", "name": "California"} in country["available_regions"]
    assert "available_regions" not in await found(shop, "directory/countries/NO")
    await found(shop, "directory/countries/XX", 404)


async def test_customers_say_whom_they_buy_for(shop: httpx.AsyncClient) -> None:
    buyer, private = await found(shop, "customers/2"), await found(shop, "customers/1")
    assert buyer["extension_attributes"]["company_attributes"]["company_id"] == 2
    assert "company_attributes" not in private["extension_attributes"]


async def test_who_listens_hears_of_a_company_that_was_saved(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    received: list[Change] = []
    state.on_change(received.append)
    state.save_company(2, status=3)
    assert [change.event for change in received] == [
        "company_save_after",
        "company_save_commit_after",
    ]
    assert received[0].data["company"]["status"] == "3"
    assert (await found(shop, "company/2"))["status"] == 3


NEW: dict[str, Any] = {
    "company_name": "Tailspin", "company_email": "office@tailspin.example", "street": ["1 Rd"],
    "city": "New York", "country_id": "US", "postcode": "10001", "telephone": "1",
    "customer_group_id": 2,
}  # fmt: skip
TOM = {"email": "tom@tailspin.example", "firstname": "Tom", "lastname": "Spin", "website_id": 1}


async def sent(
    shop: httpx.AsyncClient, method: str, path: str, body: Any, status: int = 200
) -> Any:
    response = await shop.request(method, f"/rest/all/V1/{path}", json=body)
    assert response.status_code == status, response.text
    return from_json(response.content)


async def registered(shop: httpx.AsyncClient, **more: Any) -> int:
    answer = await sent(shop, "POST", "customers", {"customer": {**TOM, **more}})
    return int(answer["id"])


async def test_a_new_customer_is_mailed_and_an_address_is_taken_once(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    number = await registered(shop)
    assert state.mails == [("welcome", number)]
    again = {"customer": {**TOM, "email": "TOM@tailspin.example"}}
    refused = await sent(shop, "POST", "customers", again, 400)
    assert "A customer with the same email address already exists" in refused["message"]
    await sent(shop, "POST", "customers", {"customer": {**TOM, "lastname": ""}}, 400)
    assert len(state.mails) == 1


@pytest.mark.parametrize("approves", [False, True])
async def test_a_company_is_made_of_a_customer_of_no_other(
    shop: httpx.AsyncClient, state: CommerceState, approves: bool
) -> None:
    state.approves_companies = approves
    company = {**NEW, "super_user_id": await registered(shop), "status": 1}
    made = await sent(shop, "POST", "company/", {"company": company})
    assert made["status"] == (0 if approves else 1)
    customer = await found(shop, f"customers/{company['super_user_id']}")
    member = customer["extension_attributes"]["company_attributes"]
    assert (member["company_id"], customer["group_id"]) == (made["id"], 2)
    await sent(shop, "POST", "company", {"company": company}, 400)
    await sent(shop, "POST", "company", {"company": {**company, "super_user_id": 99}}, 404)


@pytest.mark.parametrize("lacking", ["city", "super_user_id", "customer_group_id"])
async def test_a_company_is_saved_whole_or_refused(shop: httpx.AsyncClient, lacking: str) -> None:
    whole = await found(shop, "company/2")
    part = {name: value for name, value in whole.items() if name != lacking}
    refused = await sent(shop, "PUT", "company/2", {"company": part}, 400)
    assert refused["parameters"] == {"fieldName": lacking}
    await sent(shop, "PUT", "company/2", {"company": {**whole, "colour": "red"}}, 400)
    saved = await sent(shop, "PUT", "company/2", {"company": {**whole, "customer_group_id": 3}})
    assert saved == {**whole, "customer_group_id": 3}
    assert (await found(shop, "customers/2"))["group_id"] == 3


async def test_a_member_needs_a_job_title_and_a_telephone_number(shop: httpx.AsyncClient) -> None:
    number = await registered(shop)
    customer = await found(shop, f"customers/{number}")
    member = {"customer_id": number, "company_id": 2, "status": 1}
    for more, status in (({}, 400), ({"job_title": "B"}, 400),
                         ({"job_title": "B", "telephone": "1"}, 200)):  # fmt: skip
        extension = {"company_attributes": {**member, **more}}
        body = {"customer": {**customer, "extension_attributes": extension}}
        await sent(shop, "PUT", f"customers/{number}", body, status)
    joined = await found(shop, f"customers/{number}")
    assert joined["group_id"] == (await found(shop, "company/2"))["customer_group_id"]
