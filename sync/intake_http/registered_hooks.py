"""How the webhooks of flows are registered in Commerce.

A hook runs inside the shopper's request. So each is optional (a failure of ours is logged in the
shop and stops nothing), unless `credit.gate.required` makes the gate's hook of orders a required
one. It ends after `TIMEOUT` at the latest, and carries the record's key alone: personal data has no
business in a notification. Answers are never cached (`ttl` 0): the same key comes again with every
change. Source: Adobe's webhooks reference, read 2026-11.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from xml.etree import ElementTree as ET

from sync.engine.flow import CommerceHook, DocumentFlow, Hook

TIMEOUT: Final = timedelta(seconds=2)
"""Commerce gives up then and goes on; without it a checkout would wait for as long as we are
away."""
SLOW: Final = timedelta(milliseconds=500)
"""Commerce notes hooks that take longer than this in its log."""
SCHEMA: Final = "urn:magento:module:Magento_AdobeCommerceWebhooks:etc/webhooks.xsd"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True)
class Asking:
    """How a hook asks instead of telling: before or after its method, until when, with which text
    where nobody answers, for how long an answer may be used again, and for which bodies alone
    (field, operator, value). `is_required`: the shopper does not go on without an answer."""

    kind: str
    fallback: str
    ttl: timedelta = timedelta()
    timeout: timedelta = timedelta(seconds=1.5)
    rules: tuple[tuple[str, str, str], ...] = ()
    is_required: bool = False


@dataclass(frozen=True)
class Registration:
    """A hook as it is to be registered for one connection, of a flow, or, where it is asking, of
    the gate; `address` is where the app is reached, without a path."""

    flow: str
    hook: Hook
    connection: str
    address: str
    asking: Asking | None = None

    @property
    def url(self) -> str:
        """Where Commerce sends it."""
        part = "gate" if self.asking else "webhooks"
        return f"{self.address}/api/{part}/{self.connection}/{self.flow}"

    @property
    def kind(self) -> str:
        """Whether it fires before or after its method."""
        return self.asking.kind if self.asking else "after"

    @property
    def timeout(self) -> timedelta:
        """When Commerce gives up and goes on."""
        return self.asking.timeout if self.asking else TIMEOUT

    @property
    def is_required(self) -> bool:
        """Whether Commerce stops what it does where nobody answers."""
        return self.asking is not None and self.asking.is_required

    @property
    def ttl(self) -> int:
        """For how many seconds Commerce may use an answer again."""
        return int(self.asking.ttl.total_seconds()) if self.asking else 0

    @property
    def extra(self) -> dict[str, str]:
        """Further attributes of the hook in XML."""
        if self.asking is None:
            return {}
        ttl = {"ttl": str(self.ttl)} if self.ttl else {}
        return {"fallbackErrorMessage": self.asking.fallback, **ttl}

    @property
    def batch(self) -> str:
        """Letters, digits and underscores; a connection's own, so that two of one shop do not
        meet."""
        return f"d365_{self.connection.replace('-', '_')}"

    def rest(self) -> dict[str, Any]:
        """The body of `POST /V1/webhooks/subscribe`."""
        asking = self.asking
        further: dict[str, Any] = {}
        if asking is not None:
            names = ("field", "operator", "value")
            rules = [dict(zip(names, rule, strict=True)) for rule in asking.rules]
            further = {"fallback_error_message": asking.fallback, "rules": rules}
        return {
            "webhook": {
                "webhook_method": self.hook.method,
                "webhook_type": self.kind,
                "batch_name": self.batch,
                "batch_order": 0,
                "hook_name": self.hook.name,
                "url": self.url,
                "method": "POST",
                "priority": 0,
                "required": self.is_required,
                "timeout": _milliseconds(self.timeout),
                "soft_timeout": _milliseconds(SLOW),
                "ttl": self.ttl,
                **further,
                "fields": [
                    {"name": name, "source": source} for name, source in self.hook.fields.items()
                ],
            }
        }


def registrations(
    connection: str, flows: Iterable[DocumentFlow[Any]], address: str, *, extra: bool = False
) -> list[Registration]:
    """The hooks of these flows; `extra` adds those that cost more than they usually give."""
    return [
        Registration(flow.name, hook, connection, address)
        for flow in flows
        if (trigger := flow.trigger(CommerceHook)) is not None
        for hook in trigger.hooks
        if extra or not hook.is_extra
    ]


def webhooks_xml(found: Sequence[Registration]) -> str:
    """The whole `app/etc/webhooks.xml`, or that of a module, for Commerce on premises and Cloud."""
    ET.register_namespace("xsi", XSI)
    config = ET.Element("config", {f"{{{XSI}}}noNamespaceSchemaLocation": SCHEMA})
    for each in found:
        method = ET.SubElement(config, "method", name=each.hook.method, type=each.kind)
        batch = ET.SubElement(ET.SubElement(method, "hooks"), "batch", name=each.batch)
        hook = ET.SubElement(
            batch, "hook", each.extra, name=each.hook.name, url=each.url, method="POST",
            required=str(each.is_required).lower(), timeout=str(_milliseconds(each.timeout)),
            softTimeout=str(_milliseconds(SLOW)),
        )  # fmt: skip
        fields = ET.SubElement(hook, "fields")
        for name, source in each.hook.fields.items():
            ET.SubElement(fields, "field", name=name, source=source)
        rules = each.asking.rules if each.asking else ()
        within = ET.SubElement(hook, "rules") if rules else hook
        for field, operator, value in rules:
            ET.SubElement(within, "rule", field=field, operator=operator, value=value)
    ET.indent(config, "    ")
    return f'<?xml version="1.0"?>\n{ET.tostring(config, encoding="unicode")}\n'


def _milliseconds(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)
