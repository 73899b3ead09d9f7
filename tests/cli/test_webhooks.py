import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sync.engine.flow import AdobeEvents, CommerceHook, DocumentFlow, Hook
from sync.flows import FLOWS
from sync.hosts.http import PREFIX
from sync.intake_http.registered_hooks import registrations, webhooks_xml
from tests.cli.running import ROOT, Line

EXAMPLE = ROOT / "sync" / "cli" / "connections.example.toml"
URL = "https://sync.example.com"
HOOKS = [(flow, hook) for flow in FLOWS
         if (trigger := flow.trigger(CommerceHook)) for hook in trigger.hooks]  # fmt: skip
NAMES = [hook.name for _, hook in HOOKS]
MODELS: dict[str, dict[str, Any]] = {
    "order": {
        "increment_id": "000000042",
        "store_id": "1",
        "customer_email": "a@example.com",
        "grand_total": "9.0000",
    },
    "address": {
        "entity_id": "7",
        "parent_id": "42",
        "street": "Allee 1",
        "address_type": "shipping",
    },
    "customer": {"entity_id": "17", "email": "a@example.com", "store_id": "1"},
    "company": {"entity_id": "5", "company_email": "a@example.com", "customer_group_id": "3"},
    "invoice": {"increment_id": "000000043", "store_id": "1", "order_id": "42"},
    "creditmemo": {"increment_id": "000000044", "store_id": "1", "order_id": "42"},
    "rma": {"increment_id": "000000045", "store_id": "1", "customer_custom_email": "a@example.com"},
}
KEYS = {
    "orders": "000000042@1", "orders_address": "42@#", "customers": "17", "companies": "5",
    "invoices": "000000043@1", "creditmemos": "000000044@1",
    "returns": "000000045@1",
}  # fmt: skip


def sent(hook: Hook) -> dict[str, Any]:
    """The body as Commerce sends it: the observer's whole payload, reduced to the fields and
    renamed by them.

    A model's own event hands it over twice, under its name and as `data_object`. A company's own
    name for it is not known. Numbers are text, as raw model data has them. Source: Adobe's webhooks
    reference, read 2026-11.
    """
    kind = next(iter(hook.fields)).partition(".")[0]
    whole = {
        "eventName": hook.method.removeprefix("observer."),
        "data": {"data_object": MODELS[kind]},
    }
    if kind != "company":
        whole["data"] |= {kind: MODELS[kind]}  # type: ignore[operator]
    body: dict[str, Any] = {}
    for name, source in hook.fields.items():
        inner, _, last = name.rpartition(".")
        body.setdefault(inner, {})[last] = found(whole, source)
    return body


def found(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document[part]
    return document


def test_every_flow_that_takes_hooks_has_one_that_always_belongs_to_it() -> None:
    assert [flow.name for flow, hook in HOOKS if not hook.is_extra] == [
        flow.name for flow in FLOWS if flow.trigger(CommerceHook) is not None
    ]


@pytest.mark.parametrize(("flow", "hook"), HOOKS, ids=NAMES)
def test_the_body_holds_the_records_key_and_nobodys_name(
    flow: DocumentFlow[Any], hook: Hook
) -> None:
    trigger = flow.trigger(CommerceHook)
    assert trigger is not None
    body = sent(hook)
    assert trigger.keys_in(body) == [KEYS[hook.name]]
    assert "example.com" not in json.dumps(body)


@pytest.mark.parametrize(("flow", "hook"), HOOKS, ids=NAMES)
def test_a_hook_fires_on_what_its_flow_also_knows_as_an_event(
    flow: DocumentFlow[Any], hook: Hook
) -> None:
    events = flow.trigger(AdobeEvents)
    assert events is not None
    assert hook.method in events.names
    assert hook.is_extra or hook.method.endswith("_commit_after")


def hooks_in(xml: str) -> list[Mapping[str, str]]:
    return [hook.attrib for hook in ET.fromstring(xml).iter("hook")]  # noqa: S314 - our own


def test_no_hook_can_break_a_checkout(line: Line) -> None:
    ran = line(
        "webhooks", "--config", EXAMPLE, "--connection", "bikes-de", "--url", URL, "--addresses"
    )
    assert ran.status == 0
    assert len(hooks_in(ran.out)) == 3
    for hook in hooks_in(ran.out):
        assert hook["required"] == "false"
        assert 0 < int(hook["softTimeout"]) < int(hook["timeout"]) <= 2000
        assert "ttl" not in hook


def test_the_file_for_commerce_on_premises_names_the_hooks_of_the_connections_flows(
    line: Line,
) -> None:
    ran = line("webhooks", "--config", EXAMPLE, "--connection", "bikes-de", "--url", f"{URL}/")
    assert ran.out.startswith('<?xml version="1.0"?>\n<config xmlns:xsi=')
    assert [hook["url"] for hook in hooks_in(ran.out)] == [
        f"{URL}{PREFIX}/webhooks/bikes-de/orders",
        f"{URL}{PREFIX}/webhooks/bikes-de/customers",
    ]
    root = ET.fromstring(ran.out)  # noqa: S314 - our own
    assert [batch.attrib["name"] for batch in root.iter("batch")] == [
        "d365_bikes_de",
        "d365_bikes_de",
    ]
    assert [(field.attrib["name"], field.attrib["source"]) for field in root.iter("field")] == [
        ("order.increment_id", "data.order.increment_id"),
        ("order.store_id", "data.order.store_id"),
        ("customer.entity_id", "data.customer.entity_id"),
    ]


def test_the_cloud_service_gets_bodies_for_its_rest_interface(line: Line) -> None:
    ran = line("webhooks", "--config", EXAMPLE, "--connection", "parts-us", "--url", URL)
    request, _, body = ran.out.partition("\n")
    assert request == "POST https://na1.api.commerce.adobe.com/7Qx2Parts/V1/webhooks/subscribe"
    assert json.loads(body) == {
        "webhook": {
            "webhook_method": "observer.sales_order_save_commit_after", "webhook_type": "after",
            "batch_name": "d365_parts_us", "batch_order": 0, "hook_name": "orders",
            "url": f"{URL}/api/webhooks/parts-us/orders", "method": "POST", "priority": 0,
            "required": False,
            "timeout": 2000, "soft_timeout": 500, "ttl": 0,
            "fields": [
                {"name": "order.increment_id", "source": "data.order.increment_id"},
                {"name": "order.store_id", "source": "data.order.store_id"},
            ],
        }
    }  # fmt: skip


def test_programs_get_a_request_per_line_whatever_the_shop_is(line: Line) -> None:
    ran = line("webhooks", "--config", EXAMPLE, "--connection", "bikes-de", "--url", URL, "--json")
    assert {document["url"] for document in ran.documents} == {
        "https://shop.example.com/rest/all/V1/webhooks/subscribe"
    }
    assert [document["body"]["webhook"]["hook_name"] for document in ran.documents] == [
        "orders",
        "customers",
    ]


def test_without_a_key_it_is_said_that_no_hook_will_be_taken(line: Line) -> None:
    ran = line("webhooks", "--config", EXAMPLE, "--connection", "parts-us", "--url", URL)
    assert "commerce.webhook.keys" in ran.err
    assert (
        "commerce.webhook.keys"
        not in line("webhooks", "--config", EXAMPLE, "--connection", "bikes-de", "--url", URL).err
    )


@pytest.mark.parametrize(
    "url",
    [
        "sync.example.com",
        "http://sync.example.com",
        "https://",
        "https://a@b.example",
        f"{URL}/api",
        f"{URL}?code=1",
    ],
)
def test_hooks_are_sent_over_tls_to_a_host_and_nowhere_else(line: Line, url: str) -> None:
    ran = line("webhooks", "--config", EXAMPLE, "--connection", "bikes-de", "--url", url)
    assert ran.status == 2
    assert "https" in ran.err


def test_a_sandbox_on_the_same_machine_needs_no_tls(line: Line) -> None:
    for url in ("http://127.0.0.1:7071", "http://localhost:7071"):
        ran = line("webhooks", "--config", EXAMPLE, "--connection", "bikes-de", "--url", url)
        assert f"{url}/api/webhooks/" in ran.out


def test_a_connection_whose_flows_take_no_hooks_is_told_that_it_is_polled(
    line: Line, tmp_path: Path
) -> None:
    text = EXAMPLE.read_text().replace(
        'flows = ["orders"]', 'flows = ["orders", "posted_invoices"]'
    )
    config = tmp_path / "c.toml"
    config.write_text(text)
    assert (
        line("webhooks", "--config", config, "--connection", "parts-us", "--url", URL).status == 0
    )
    polled = [flow for flow in FLOWS if flow.name in ("posted_invoices", "write_back")]
    assert registrations("parts-us", polled, URL) == []


def test_several_connections_are_registered_one_by_one(line: Line) -> None:
    ran = line("webhooks", "--config", EXAMPLE, "--url", URL)
    assert ran.status == 2
    assert "--connection" in ran.err


def test_what_is_sent_and_what_is_filed_is_the_same() -> None:
    for each in registrations("shop", FLOWS, URL, extra=True):
        (filed,) = hooks_in(webhooks_xml([each]))
        asked = each.rest()["webhook"]
        assert (filed["name"], filed["url"], int(filed["timeout"]), int(filed["softTimeout"])) == (
            asked["hook_name"], asked["url"], asked["timeout"], asked["soft_timeout"],
        )  # fmt: skip


def gated(path: Path) -> Path:
    """The example, with its gate on."""
    text = EXAMPLE.read_text().replace(
        "# [connections.bikes-de.credit", "[connections.bikes-de.credit"
    )
    text = text.replace(
        '# currency = "EUR"                      # accounting', 'currency = "EUR" #'
    )
    text = text.replace("# enabled = true\n", "enabled = true\n")
    flows = 'flows = ["orders", "customers", "companies"'
    config = path / "c.toml"
    config.write_text(text.replace('flows = ["orders", "customers"', f'{flows}, "credit"'))
    return config


def test_a_checkouts_questions_are_optional_and_end_in_time(line: Line, tmp_path: Path) -> None:
    config = gated(tmp_path)
    ran = line("webhooks", "--config", config, "--connection", "bikes-de", "--url", URL, "--json")
    asked = {
        one["url"].rpartition("/")[2]: one
        for one in (document["body"]["webhook"] for document in ran.documents)
        if "/api/gate/" in one["url"]
    }
    assert set(asked) == {"payment-methods", "place-order"}
    for one in asked.values():
        assert (one["required"], one["timeout"], one["soft_timeout"]) == (False, 1500, 500)
        assert one["fallback_error_message"].startswith("This order cannot be placed on account")
    methods, order = asked["payment-methods"], asked["place-order"]
    assert (methods["webhook_type"], methods["ttl"]) == ("after", 30)
    assert methods["webhook_method"].endswith("payment_method_filter.get_list")
    assert (order["webhook_type"], order["ttl"]) == ("before", 0)
    assert order["webhook_method"] == "plugin.magento.sales.api.order_management.place"
    assert order["rules"] == [
        {"field": "order.payment.method", "operator": "equal", "value": "companycredit"}
    ]
    config.write_text(config.read_text().replace("# names_company = false", "names_company = true"))
    ran = line("webhooks", "--config", config, "--connection", "bikes-de", "--url", URL, "--json")
    named = [field["name"] for one in ran.documents for field in one["body"]["webhook"]["fields"]]
    assert "order.extension_attributes.company_order_attributes.company_id" in named
    assert "payload.customer.extension_attributes.company_attributes.company_id" in named
    assert not any(one["body"]["webhook"]["required"] for one in ran.documents)
    filed = line("webhooks", "--config", config, "--connection", "bikes-de", "--url", URL).out
    assert 'required="true"' not in filed
    assert '<rule field="order.payment.method" operator="equal" value="companycredit"' in filed
    assert 'ttl="30"' in filed
    assert 'type="before"' in filed


def test_the_hook_of_orders_is_required_where_the_connection_says_so(
    line: Line, tmp_path: Path
) -> None:
    config = gated(tmp_path)
    config.write_text(config.read_text().replace("# required = false", "required = true"))
    command = ("webhooks", "--config", config, "--connection", "bikes-de", "--url", URL)
    bodies = [one["body"]["webhook"] for one in line(*command, "--json").documents]
    required = [one["url"].rpartition("/")[2] for one in bodies if one["required"]]
    assert required == ["place-order"]
    assert line(*command).out.count('required="true"') == 1
