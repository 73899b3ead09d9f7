"""What must hold for `tasks`: consent is decided, a rule is written, and a seller is named."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sync.config.connections.tasks import Interest, Tasks
from sync.config.file.breaches import Breach, is_flowing, sound
from sync.config.file.secret_rules import leaked, looks_like_a_secret
from sync.config.file.toml_lines import Path

DECIDE: Final = (
    'Write consent = "contract" where buyers may be called because they buy, or the code of the'
    " customer's attribute that says yes."
)


def task_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `tasks` of the connection at `path`."""
    tasks, at = sound(Tasks, written.get("tasks", {})), (*path, "tasks")
    if tasks is None:
        return
    if tasks.interest is not None:
        yield from _interest((*at, "interest"), tasks.interest)
    if not is_flowing(written, "tasks"):
        return
    if not tasks.consent:
        what = 'the flow "tasks" is on, and nothing says whether buyers may be called'
        yield Breach((*at, "consent"), what, DECIDE)
    if not tasks.rules:
        what = 'the flow "tasks" is on, and no rule is written'
        yield Breach((*at, "rules"), what, "Write [connections.<name>.tasks.rules.overdue].")
    if "interest" in tasks.rules and tasks.interest is None:
        what = 'the rule "interest" is written, and nobody tells what is looked at'
        yield Breach((*at, "interest"), what, "Write [connections.<name>.tasks.interest].")
    if tasks.rules and not tasks.owners and not all(one.owner for one in tasks.rules.values()):
        what = "no seller is named"
        yield Breach((*at, "owners"), what, 'Write owners = { "*" = "anna@example.com" }.')


def _interest(at: Path, interest: Interest) -> Iterator[Breach]:
    if looks_like_a_secret(interest.key):
        yield leaked((*at, "key"))
    if not interest.origins:
        what = "no page may tell what is looked at"
        yield Breach((*at, "origins"), what, 'Write origins = ["https://shop.example"].')
