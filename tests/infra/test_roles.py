"""Who may do what: the roles are known by their ids, each is used, and the app has no more than it
needs."""

import re
from typing import Any

from tests.infra.bicep import bicep, every

KNOWN = {
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "serviceBusDataSender": "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
    "serviceBusDataReceiver": "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
    "serviceBusDataOwner": "090c5cfd-751d-490a-894a-3ce6f1109419",
    "keyVaultSecretsUser": "4633458b-17de-408a-b874-0445c86b69e6",
    "keyVaultSecretsOfficer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}
"""Azure's built-in roles (vendor reference, read 2026-11)."""

ALLOWED = {
    ("appPrincipalId", "storageBlobDataOwner", "storage"),
    ("appPrincipalId", "storageTableDataContributor", "storage"),
    ("appPrincipalId", "serviceBusDataOwner", "bus"),
    ("appPrincipalId", "keyVaultSecretsUser", "vault"),
    ("appPrincipalId", "monitoringMetricsPublisher", "component"),
    ("deployerPrincipalId", "keyVaultSecretsOfficer", "vault"),
    ("deployerPrincipalId", "storageTableDataContributor", "storage"),
    ("deployerPrincipalId", "serviceBusDataSender", "bus"),
    ("deployerPrincipalId", "serviceBusDataReceiver", "bus"),
}
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"


def assignments() -> list[tuple[str, str, str]]:
    """(principal, role, scope) of every assignment."""
    found = []
    for _, type_, body in bicep("roles").resources():
        assert type_ == ASSIGNMENT
        given: Any = body["properties"]
        role: Any = given["roleDefinitionId"]["function"]["parameters"]["resource_name_1"][
            "operator"
        ]["operands"]
        assert role["operand_1"] == "ids"
        found.append((given["principalId"], role["operand_2"], body["scope"]))
    return found


def test_the_roles_are_those_that_are_known_by_these_ids() -> None:
    assert bicep("roles").tree["variables"]["ids"]["value"] == KNOWN


def test_nobody_may_more_than_was_agreed() -> None:
    assert len(assignments()) == len(ALLOWED)
    assert set(assignments()) == ALLOWED


def test_every_role_is_assigned() -> None:
    assert {role for _, role, _ in assignments()} == set(KNOWN)


def test_an_assignment_is_named_by_what_it_is_so_that_deploying_again_changes_nothing() -> None:
    for _, _, body in bicep("roles").resources():
        named: Any = body["name"]["function"]
        assert named["type"] == "guid"
        parts = named["parameters"]
        assert parts["base_string"]["operator"]["operands"] == {
            "operand_1": body["scope"],
            "operand_2": "id",
        }
        assert parts["extra_string_1"] == body["properties"]["principalId"]
        role: Any = body["properties"]["roleDefinitionId"]["function"]["parameters"][
            "resource_name_1"
        ]
        assert parts["extra_string_2"] == role


def test_nobody_is_given_a_role_where_nobody_is_named() -> None:
    source = bicep("roles").source
    for name, _, body in bicep("roles").resources():
        is_operators: Any = body["properties"]["principalId"] == "deployerPrincipalId"
        head = next(text for text in source.splitlines() if text.startswith(f"resource {name} "))
        assert head.endswith("= if (!empty(deployerPrincipalId)) {" if is_operators else "= {")


def test_roles_are_assigned_in_one_place() -> None:
    for file in every():
        assert file.path.stem == "roles" or all(
            type_ != ASSIGNMENT for _, type_, _ in file.resources()
        )
        assert file.path.stem == "roles" or not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", file.source)


def test_the_app_comes_after_its_rights() -> None:
    config: Any = bicep("main").tree["modules"]["app"]["config"]
    assert config["dependsOn"] == ["roles"]
