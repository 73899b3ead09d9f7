"""Whether the codes that the configuration maps to are in F&O: modes, methods, terms, groups,
places, items. And the currencies of orders, which go through as they are."""

from collections.abc import AsyncIterator
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.checks.mapped_codes import Codes, Listed, mapped_codes
from sync.core.errors import Never
from sync.dynamics.odata import Filter

CREATE_CURRENCY: Final = (
    "Create {them} in F&O (General ledger > Currencies), with an exchange rate into the accounting"
    " currency: orders in {them} are parked until then."
)


async def currencies_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """F&O has every currency of recent orders."""
    seen = tuple(sorted(probe.known.currencies))
    if seen:
        codes = Codes(Listed.CURRENCY, "recent orders", None, seen)
        yield _compared(codes, await _known(probe, codes), CREATE_CURRENCY)


async def codes_exist(probe: Probe) -> AsyncIterator[Finding]:
    """Every mapped code is there, in every legal entity that the connection posts into."""
    wanted = list(mapped_codes(probe.settings, probe.companies))
    optional = {codes.listed.entity_set for codes in wanted if codes.listed.is_optional}
    shown = await probe.dynamics.metadata_fields(*optional) if optional else {}
    for codes in wanted:
        listed = codes.listed
        entity = shown.get(listed.entity_set)
        if listed.is_optional and (entity is None or listed.field not in entity.fields):
            what = f"{listed.title} {', '.join(codes.values)} cannot be looked up"
            yield ok(f"{what}: there is no {listed.entity_set} here")
            continue
        try:
            yield _compared(codes, await _known(probe, codes))
        except Never as error:
            report = warn if listed.is_optional else fault
            yield report(f"{listed.title} cannot be checked: {error.reason}", error.remedy)


async def codes_of(probe: Probe, place: tuple[str, str], company: str = "") -> set[str]:
    """All values of a field of a set, casefolded; of one legal entity, or of all."""
    (entity_set, field), where = place, Filter.eq("dataAreaId", company) if company else None
    rows = probe.dynamics.query(entity_set, where=where, select=(field,))
    return {str(row[field]).casefold() async for row in rows}


async def _known(probe: Probe, codes: Codes) -> set[str]:
    """Those of the codes that F&O has, casefolded. Raises `Never` where it does not let us look."""
    rows = await probe.dynamics.find_by(
        codes.listed.entity_set,
        codes.listed.field,
        *codes.values,
        company=codes.company,
        select=(codes.listed.field,),
    )
    return {str(row[codes.listed.field]).casefold() for row in rows}


CORRECT: Final = "Create {them} in F&O{place}, or correct {where} in connections.toml."


def _compared(codes: Codes, known: set[str], cure: str = CORRECT) -> Finding:
    missing = [value for value in codes.values if value.strip().casefold() not in known]
    place = f" in {codes.company}" if codes.company else ""
    if not missing:
        are = "is" if len(codes.values) == 1 else "are"
        return ok(f"{codes.listed.title} {', '.join(codes.values)} {are} there{place}")
    are, them = ("is", "it") if len(missing) == 1 else ("are", "them")
    return fault(
        f"{codes.listed.title} {', '.join(missing)} ({codes.where}) {are} not in F&O{place}",
        cure.format(them=them, place=place, where=codes.where),
    )
