"""Sales agreements of F&O -> links at quote templates in Commerce.

In:      an agreement whose external document reference names a template.
Out:     a link at that template: the agreement's number, until when it is valid, where it is read.
Key:     the template's id.
Waits:   for an agreement that names it, and until that is effective.
Parks:   a template of one account with the agreement of another, and several agreements of one.
Lists:   another last day in Commerce than in F&O.
Repeats: the links of the template are read first.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.commerce.models.quote import Quote
from sync.commerce.quote_templates import QuoteTemplates, link_saved
from sync.core.encoding import digest
from sync.core.errors import Later, Never
from sync.core.request import Request
from sync.core.skipped import Skipped, Waiting
from sync.dynamics.documents.sales_agreement import EFFECTIVE, SalesAgreement
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.plan import OpenPoint, Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.engine.write import Amendment, Found, Target, Write
from sync.flows.customers.order_accounts import buyer_of
from sync.flows.keys import elsewhere, whole_in
from sync.flows.polls import our_clock
from sync.flows.targets import commerce_of
from sync.mapping.quotation import as_order
from sync.mapping.references import fields_in
from sync.pacing.priority import Priority

TEMPLATES: Final = "quote_templates"
TEMPLATE: Final = "template_id"


@dataclass(frozen=True)
class AgreedTemplate:
    """A template with the quote that it was made of, and the agreements that name it."""

    template: Mapping[str, Any]
    quote: Quote | None
    agreements: tuple[SalesAgreement, ...]

    @property
    def fingerprint(self) -> str:
        """What shows that F&O's people have changed something."""
        return digest([one.fingerprint for one in self.agreements])


@dataclass(frozen=True)
class LinkWrite(Write):
    """The link of a template to its agreement; once there, it is changed by its id."""

    kind: ClassVar[str] = "link"
    templates: QuoteTemplates
    target: Target
    template_id: int
    number: str
    link: Mapping[str, Any] = field(default_factory=dict)

    @property
    @override
    def reference(self) -> str:
        return self.number

    @property
    @override
    def document(self) -> Any:
        return dict(self.link)

    @override
    def requests(self) -> Sequence[Request]:
        return [link_saved(self.link)]

    @override
    async def find(self) -> Found | None:
        rows = await self.templates.links(self.template_id)
        ids = [one["link_id"] for one in rows if one.get("document_identifier") == self.number]
        return Found(str(min(ids)), label=self.number) if ids else None

    @override
    async def create(self, not_after: datetime) -> Found:
        await self.templates.send(link_saved(self.link), not_after=not_after)
        found = await self.find()
        if found is None:
            raise Later("the shop does not list the link yet", after=timedelta(minutes=1))
        return found

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        rows = {str(one["link_id"]): one for one in await self.templates.links(self.template_id)}
        there = rows.get(number) or {}
        if all(there.get(name) == value for name, value in self.link.items()):
            return Amendment(self.document)
        known = {"link_id": int(number)} if there else {}

        async def apply(not_after: datetime) -> None:
            request = link_saved({**known, **self.link})
            await self.templates.send(request, not_after=not_after)

        return Amendment(self.document, apply)


async def changed(
    systems: Systems, _since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Templates that agreements name: those have no time of change."""
    async for key, one in named_templates(systems, after):
        yield Change(key, until, one.fingerprint, f"{one.company}|{one.number}")


async def named_templates(
    systems: Systems, after: str = ""
) -> AsyncIterator[tuple[str, SalesAgreement]]:
    """Their keys and agreements, by company and number, after this "<company>|<number>"."""
    past, _, number = after.partition("|")
    form = systems.settings.quotes.agreement_reference
    for company in sorted(one for one in systems.settings.legal_entities if one >= past):
        first = number if company == past else ""
        async for one in systems.dynamics.sales_agreements.all_named(company, after=first):
            key = (fields_in(one.reference, form) or {}).get(TEMPLATE, "")
            if key.isdecimal():
                yield key, one


async def read(key: str, systems: Systems) -> AgreedTemplate | None:
    """The template and its agreements as they are now; None for a template that is gone."""
    template_id = whole_in(key)
    template = await systems.commerce.quote_templates.by_id(template_id) if template_id else None
    if template is None:
        return None
    cart = await systems.commerce.quotes.by_id(int(template.get("parent_quote_id") or 0))
    reference = systems.settings.quotes.agreement_reference.format(template_id=template_id)
    found = [
        await systems.dynamics.sales_agreements.named(company, reference)
        for company in sorted(systems.settings.legal_entities)
    ]
    quote = Quote.read(cart) if cart is not None else None
    return AgreedTemplate(template, quote, tuple(one for some in found for one in some))


async def plan(found: AgreedTemplate, delivery: Delivery) -> Plan | Skipped:
    """The link that the template must show."""
    key, held = str(found.template[TEMPLATE]), delivery.held(LinkWrite.kind)
    if found.quote is not None and (reason := elsewhere(found.quote.store_id, delivery.systems)):
        return Skipped(reason)
    agreement = _only(key, found.agreements)
    if agreement is None or (agreement.status != EFFECTIVE and held is None):
        status = "none names it" if agreement is None else f"{agreement.number} is not effective"
        return Waiting(f"sales agreement: {status} in D365")
    await _must_be_its_buyers(key, found.quote, agreement, delivery)
    link = link_of(int(key), agreement, delivery.systems.settings.quotes.agreement_url)
    systems = delivery.systems
    write = LinkWrite(
        systems.commerce.quote_templates, commerce_of(systems), int(key), agreement.number, link
    )  # fmt: skip
    return Plan((write,), open_point=_other_day(key, found.template, agreement))


def _only(key: str, agreements: Sequence[SalesAgreement]) -> SalesAgreement | None:
    alive = [one for one in agreements if one.status == EFFECTIVE] or list(agreements)
    if len(alive) > 1:
        numbers = ", ".join(one.number for one in alive)
        raise Never(
            f"quote template {key}: several sales agreements name it: {numbers}",
            remedy="Keep its external document reference at one of them in D365, then replay.",
        )
    return alive[0] if alive else None


async def _must_be_its_buyers(
    key: str, quote: Quote | None, agreement: SalesAgreement, delivery: Delivery
) -> None:
    """Raise `Never` where the agreement is another account's: nobody sees what others agreed on."""
    account = (await buyer_of(as_order(quote), delivery)).account if quote is not None else ""
    if account.casefold() != agreement.account.casefold():
        raise Never(
            f"quote template {key} is of account {account or '(unknown)'}, sales agreement"
            f" {agreement.number} of {agreement.account}",
            remedy="Correct the agreement's external document reference in D365, then replay.",
        )


def link_of(template_id: int, agreement: SalesAgreement, url: str) -> dict[str, Any]:
    """What the template shows of its agreement. Raises `Never` without an address."""
    address = url.format(agreement=agreement.number) if url else agreement.address
    if not address:
        raise Never(
            f"sales agreement {agreement.number} has no web address",
            remedy=(
                "Fill in its internet address in D365, or write agreement_url under quotes in"
                " connections.toml; then replay."
            ),
        )
    is_over = agreement.status != EFFECTIVE
    until = f" until {agreement.expires}" if agreement.expires is not None else ""
    name = f"{agreement.title or 'Sales agreement'} {agreement.number}"
    return {
        TEMPLATE: template_id, "document_name": f"{name}{', not in force' if is_over else until}",
        "document_identifier": agreement.number, "reference_document_url": address,
    }  # fmt: skip


def _other_day(
    key: str, template: Mapping[str, Any], agreement: SalesAgreement
) -> OpenPoint | None:
    there = str(template.get("expiration_date") or "")[:10]
    wanted = str(agreement.expires or "")
    if not wanted or there == wanted or agreement.status != EFFECTIVE:
        return None
    return OpenPoint(
        f"quote template {key} ends on {there or '(never)'}, sales agreement {agreement.number} on"
        f" {wanted}",
        "Give the template that day in Commerce (Sales > Quote Templates), or the agreement the"
        " other one in D365; it is looked at again when the agreement changes, or by replay.",
        sums=f"{there or 'never'} in Commerce, {wanted} in D365",
    )


quote_templates: DocumentFlow[AgreedTemplate] = DocumentFlow(
    name=TEMPLATES,
    title="Sales agreements to quote templates",
    source=Source(read),
    plan=plan,
    triggers=(
        Poll(
            changed, our_clock, lambda connection: connection.quotes.poll_minutes,
            fingerprint=lambda found: found.fingerprint,
        ),
    ),
    priority=Priority.DOCUMENTS,
)  # fmt: skip
