"""What must hold for `dataverse` and `cases`: an environment for what flows there, an app that can
sign in, statuses whose comments can be filled."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sync.config.connections import Cases, Dataverse, Dynamics
from sync.config.file.breaches import Breach, is_flowing, missing_flow, sound, text_breaches
from sync.config.file.secret_rules import AUTH_KEYS, pasted
from sync.config.file.toml_lines import Path
from sync.config.file.url_rules import is_loopback, url_breaches

FLOWS: Final = ("cases", "case_states")


def case_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `dataverse` and `cases` of the connection at `path`."""
    flowing = [flow for flow in FLOWS if is_flowing(written, flow)]
    if flowing and "dataverse" not in written:
        what = f'the flow "{flowing[0]}" is on, and no Dataverse environment is named'
        remedy = f'Write [{".".join(path)}.dataverse] with url = "https://….dynamics.com".'
        yield Breach((*path, "dataverse"), what, remedy)
    if "dataverse" in written and (section := sound(Dataverse, written["dataverse"])):
        dynamics = sound(Dynamics, written.get("dynamics"))
        yield from _environment((*path, "dataverse"), section, dynamics)
    if cases := sound(Cases, written.get("cases", {})):
        yield from _cases((*path, "cases"), written, cases)


def _environment(path: Path, section: Dataverse, dynamics: Dynamics | None) -> Iterator[Breach]:
    yield from url_breaches((*path, "url"), section.url)
    yield from pasted(path, section)
    auth = dynamics.auth if dynamics is not None else "secret"
    if auth == "bearer" and not is_loopback(section.url):
        what = 'dynamics.auth is "bearer", and this host is not this machine'
        yield Breach((*path, "url"), what, "Sign in to F&O by a secret or a certificate.")
    for name in section.identity:
        if name not in AUTH_KEYS[auth]:
            what = f'"{name}" is written, and dynamics.auth "{auth}" needs none'
            yield Breach((*path, name), what, "Leave it out: the sign-in is of the same kind.")


def _cases(path: Path, written: Mapping[str, Any], cases: Cases) -> Iterator[Breach]:
    why = "only cases that we made are followed"
    yield from missing_flow(path, written, "case_states", "cases", why)
    if is_flowing(written, "case_states") and not cases.steps:
        what = 'the flow "case_states" is on, and "steps" names no status'
        remedy = 'Write steps = { 5 = { comment = "Case {case} is solved." } }.'
        yield Breach((*path, "steps"), what, remedy)
    if is_flowing(written, "cases") and not (cases.returns or is_flowing(written, "order_issues")):
        what = 'the flow "cases" is on, and nothing becomes a case'
        remedy = 'Write returns = true, or add "order_issues" to flows.'
        yield Breach((*path, "returns"), what, remedy)
    for status, step in cases.steps.items():
        yield from text_breaches((*path, "steps", status, "comment"), step.comment, ("case",))
