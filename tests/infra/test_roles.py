"""Who may do what: the roles are known by their ids, each is used, and the app, the job that builds
reports and people have no more than they need."""

import re
from typing import Any

import pytest

from sync.engine.demand_told import DEMAND
from sync.engine.report_builds import REPORTS
from sync.pacing.parts import BUDGETS
from sync.pacing.pauses import TABLE as PAUSES
from tests.infra.bicep import bicep, body_of, every

KNOWN = {
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "serviceBusDataSender": "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
    "serviceBusDataReceiver": "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
    "serviceBusDataOwner": "090c5cfd-751d-490a-894a-3ce6f1109419",
    "keyVaultSecretsUser": "4633458b-17de-408a-b874-0445c86b69e6",
    "keyVaultSecretsOfficer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "storageBlobDataContributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "storageBlobDataReader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "acrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
}
"""Azure's built-in roles (vendor reference, read 2026-11)."""

ALLOWED = {
    "roles": {
        ("appPrincipalId", "storageBlobDataOwner", "storage"),
        ("appPrincipalId", "storageTableDataContributor", "storage"),
        ("appPrincipalId", "serviceBusDataOwner", "bus"),
        ("appPrincipalId", "keyVaultSecretsUser", "vault"),
        ("appPrincipalId", "monitoringMetricsPublisher", "component"),
        ("deployerPrincipalId", "keyVaultSecretsOfficer", "vault"),
        ("deployerPrincipalId", "storageTableDataContributor", "storage"),
        ("deployerPrincipalId", "serviceBusDataSender", "bus"),
        ("deployerPrincipalId", "serviceBusDataReceiver", "bus"),
    },
    "report-roles": {
        ("jobPrincipalId", "storageBlobDataContributor", "data"),
        ("jobPrincipalId", "storageTableDataContributor", "table"),
        ("jobPrincipalId", "keyVaultSecretsUser", "vault"),
        ("jobPrincipalId", "acrPull", "registry"),
        ("readersId", "storageBlobDataReader", "shared"),
        ("costReadersId", "storageBlobDataReader", "confidential"),
    },
}
MAYBE = {"deployerPrincipalId", "readersId", "costReadersId"}
"""Who may be nobody."""
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"


@pytest.fixture(params=[*ALLOWED])
def file(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def assignments(file: str) -> list[tuple[str, str, str]]:
    """(principal, role, scope) of every assignment."""
    found = []
    for _, type_, body in bicep(file).resources():
        assert type_ == ASSIGNMENT
        given: Any = body["properties"]
        role: Any = given["roleDefinitionId"]["function"]["parameters"]["resource_name_1"][
            "operator"
        ]["operands"]
        assert role["operand_1"] == "ids"
        found.append((given["principalId"], role["operand_2"], scope_of(body)))
    return found


def scope_of(body: Any) -> str:
    """What the rights are on; of a loop, what it goes through."""
    scope = body["scope"]
    return scope if isinstance(scope, str) else str(scope["operator"]["operands"]["operand_1"])


def test_the_roles_are_those_that_are_known_by_these_ids(file: str) -> None:
    named: Any = bicep(file).tree["variables"]["ids"]["value"]
    assert named == {name: KNOWN[name] for name in named}


def test_nobody_may_more_than_was_agreed(file: str) -> None:
    assert sorted(assignments(file)) == sorted(ALLOWED[file])


def test_every_role_is_assigned(file: str) -> None:
    assert {role for _, role, _ in assignments(file)} == {
        *bicep(file).tree["variables"]["ids"]["value"]
    }


def test_an_assignment_is_named_by_what_it_is_so_that_deploying_again_changes_nothing(
    file: str,
) -> None:
    for _, _, body in bicep(file).resources():
        named: Any = body["name"]["function"]
        assert named["type"] == "guid"
        first, *others = named["parameters"].values()
        is_loop = not isinstance(body["scope"], str)
        assert first["operator"]["operands"] == {
            "operand_1": "storage" if is_loop else body["scope"], "operand_2": "id",
        }  # fmt: skip
        role: Any = body["properties"]["roleDefinitionId"]["function"]["parameters"][
            "resource_name_1"
        ]
        of = ["tableName"] if is_loop else []
        assert others == [*of, body["properties"]["principalId"], role]


def test_nobody_is_given_a_role_where_nobody_is_named(file: str) -> None:
    source = bicep(file).source
    for name, _, body in bicep(file).resources():
        principal: Any = body["properties"]["principalId"]
        head = next(text for text in source.splitlines() if text.startswith(f"resource {name} "))
        assert (f"= if (!empty({principal})) {{" in head) == (principal in MAYBE)


def test_the_job_keeps_the_tables_that_it_uses() -> None:
    assert bicep("report-roles").tree["variables"]["jobTables"]["value"] == [
        BUDGETS, DEMAND, PAUSES, REPORTS,
    ]  # fmt: skip


def test_roles_are_assigned_in_one_place() -> None:
    for file in every():
        assert file.path.stem in ALLOWED or all(
            type_ != ASSIGNMENT for _, type_, _ in file.resources()
        )
        assert file.path.stem in ALLOWED or not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", file.source)


def test_the_job_comes_after_its_rights_and_is_off_by_default() -> None:
    modules: Any = bicep("main").tree["modules"]
    job = body_of(modules["reportJob"]["config"])
    assert job["dependsOn"] == ["reportRoles"]
    defaults = bicep("main").tree["parameters"]
    assert (defaults["reports"]["default"], defaults["reportImage"]["default"]) == (False, "")
    module = re.compile(r"^module report\w+ .* = (if \(reports.*) \{$", re.MULTILINE)
    heads = module.findall(bicep("main").source)
    assert heads == ["if (reports)", "if (reports)", "if (reports && !empty(reportImage))"]


def test_the_app_comes_after_its_rights() -> None:
    config: Any = bicep("main").tree["modules"]["app"]["config"]
    assert config["dependsOn"] == ["roles"]
