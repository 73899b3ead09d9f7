"""The pages for operators name what there is: parameters, alerts, commands, secrets, roles."""

import json
import re
from pathlib import Path

import typer

from sync.app.embedded import DOCUMENT_KEY, EMAIL_KEY, LOCK, MOST_DELIVERIES
from sync.cli.main import app
from sync.commerce.rights import BOXES
from sync.hosts.pump import FUNCTION_TIMEOUT
from tests.infra.bicep import INFRA, bicep
from tests.infra.queues import DUPLICATES, LIFE

DOCS = INFRA.parent / "docs"
DEPLOYING = (DOCS / "deploying.md").read_text(encoding="utf-8")
COST = (DOCS / "cost.md").read_text(encoding="utf-8")
ROTATING = (DOCS / "rotating-keys.md").read_text(encoding="utf-8")
CONCURRENCY = (DOCS / "decisions" / "set-concurrency-and-locks.md").read_text(encoding="utf-8")


def test_every_parameter_that_can_be_set_is_explained_with_its_default() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    for entry in given.values():
        found = re.fullmatch(r"\$\{((?:SYNC|AZURE_PRINCIPAL)_[A-Z_]+)=(.*)\}", entry["value"])
        if found:
            assert f"| `{found[1]}` | {found[2] or 'none'} |" in DEPLOYING


def test_every_alert_is_explained() -> None:
    rules = bicep("alerts").tree["variables"]["rules"]["value"]
    names = {rule["name"] for rule in rules} | {
        bicep("alerts").body(metric)["name"] for metric in ("deadLetters", "standingQueues")
    }
    assert (
        set(re.findall(r"^\| `([a-z-]+)` \| ", DEPLOYING.partition("## 8")[2], re.MULTILINE))
        == names
    )


def test_every_value_of_the_environment_that_is_asked_for_is_an_output() -> None:
    asked = set(re.findall(r"azd env get-value (\w+)", DEPLOYING + ROTATING))
    assert asked <= set(bicep("main").tree["outputs"])


def test_every_command_that_is_named_exists() -> None:
    commands = set(getattr(typer.main.get_command(app), "commands", ()))
    assert set(re.findall(r"python -m sync (\w+)", DEPLOYING + ROTATING)) <= commands


def test_every_command_of_the_operators_table_exists() -> None:
    groups = {
        "map items": mapping_commands("items"),
        "map customers": mapping_commands("customers"),
    }
    named = re.findall(r"`(?:python -m sync )?(map (?:items|customers)) (\w+)", DEPLOYING)
    assert {"match", "import", "export", "set"} <= {command for _, command in named}
    assert all(command in groups[group] for group, command in named)


def mapping_commands(what: str) -> set[str]:
    group = getattr(typer.main.get_command(app), "commands", {})["map"]
    return set(getattr(group.commands[what], "commands", ()))


def test_an_operator_is_told_how_a_shell_gets_the_settings_of_azure() -> None:
    operating = DEPLOYING.partition("## 9. Operating it")[2].partition("## 10")[0]
    assert 'set -a; eval "$(azd env get-values)"; set +a' in operating
    for command in ("trail", "parked", "replay", "backfill", "map items match", "erase"):
        assert f"python -m sync {command} " in operating.replace("`", " ").replace("\n", " "), (
            command
        )


def test_no_secret_is_written_into_the_folder_that_is_deployed() -> None:
    for text in (DEPLOYING, ROTATING):
        assert set(re.findall(r"secret set .*--file (\S+)", text)) == {'"$FILE"'}
        assert "FILE=$(mktemp)" in text
        assert 'shred -u "$FILE"' in text


def test_the_products_own_secrets_are_made() -> None:
    for name in (DOCUMENT_KEY, EMAIL_KEY):
        assert name in re.findall(r"^for NAME in (.+); do$", DEPLOYING, re.MULTILINE)[0].split()
        assert f"* `{name}` " in ROTATING


def test_no_secret_stands_on_a_command_line() -> None:
    """Every user of a machine sees the others' processes."""
    for text in (DEPLOYING, ROTATING):
        assert "--value" not in text


def test_the_boxes_are_those_that_an_error_would_name() -> None:
    named = {
        box
        for box in re.findall(r"^\| \*([^*]+)\* \|", DEPLOYING, re.MULTILINE)
        if box.startswith("Sales")
    }
    assert named <= set(BOXES.values())


def test_the_numbers_of_the_decision_are_those_that_are_set() -> None:
    host = json.loads((INFRA.parent / "host.json").read_text(encoding="utf-8"))
    bus = host["extensions"]["serviceBus"]
    minutes = f"{FUNCTION_TIMEOUT.total_seconds() // 60:.0f} min"
    for setting, value in {
        "`maxConcurrentCalls`": str(bus["maxConcurrentCalls"]),
        "`prefetchCount`": str(bus["prefetchCount"]),
        "`lockDuration` of queues": f"{LOCK.total_seconds() // 60:.0f} min",
        "`maxAutoLockRenewalDuration`, `functionTimeout`": minutes,
        "`maxDeliveryCount`": str(MOST_DELIVERIES),
        "duplicate detection": f"{DUPLICATES.total_seconds() // 60:.0f} min",
        "`defaultMessageTimeToLive`, dead-lettered": f"{LIFE.days} days",
    }.items():
        assert f"| {setting} | {value} |" in CONCURRENCY


def test_pages_that_are_linked_are_there() -> None:
    for page, text in (
        ("deploying.md", DEPLOYING),
        ("rotating-keys.md", ROTATING),
        ("cost.md", COST),
    ):
        for target in re.findall(r"\]\(([^):]+\.md)\)", text):
            assert (DOCS / page).parent.joinpath(Path(target)).is_file(), target
