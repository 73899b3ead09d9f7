"""No keys, no public data, nothing before TLS 1.2, nothing gone for good by a slip."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from sync.hosts.http import BODY_LIMIT
from sync.intake_http.answers import LARGEST_BODY
from tests.infra.bicep import INFRA, bicep


def properties(file: str, resource: str) -> Any:
    return bicep(file).body(resource)["properties"]


def test_storage_is_reached_by_identity_alone_and_shows_nothing_to_the_public() -> None:
    account = properties("storage", "account")
    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert account["allowCrossTenantReplication"] is False
    assert account["supportsHttpsTrafficOnly"] is True
    assert account["minimumTlsVersion"] == "TLS1_2"
    assert properties("storage", "packages")["publicAccess"] == "None"


def test_the_package_and_function_keys_can_be_had_back() -> None:
    blobs = properties("storage", "blobs")
    assert blobs["deleteRetentionPolicy"]["enabled"] is True
    assert blobs["containerDeleteRetentionPolicy"]["enabled"] is True


def test_service_bus_lets_keys_in_only_where_f_and_o_needs_one() -> None:
    namespace = properties("bus", "namespace")
    assert namespace["disableLocalAuth"] == {
        "operator": {"type": "not", "operands": {"bool_value": "businessEventsByQueue"}}
    }
    assert namespace["minimumTlsVersion"] == "1.2"
    assert bicep("main").tree["parameters"]["businessEventsByQueue"]["default"] is False
    assert properties("bus", "businessEventsKey")["rights"] == ["Send"]
    assert bicep("bus").body("businessEventsKey")["parent"] == "businessEvents"


def test_no_template_reads_a_key_or_gives_rights_on_a_whole_namespace() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in INFRA.rglob("*.bicep")}
    assert not [name for name, text in texts.items() if re.search(r"\blist\w*\(", text)]
    assert not [name for name, text in texts.items() if "namespaces/authorizationRules" in text]
    assert not [name for name, text in texts.items() if "RootManageSharedAccessKey" in text]


ROOT_RULE: Final = "RootManageSharedAccessKey"


@pytest.mark.parametrize(
    ("rules", "deletes", "exit_code", "calls"),
    [
        ([ROOT_RULE, "another"], True, 0, ["list", "delete"]),
        (["another"], True, 0, ["list"]),
        ([ROOT_RULE], False, 1, ["list", "delete"]),
    ],
    ids=["it is there", "it is gone", "it cannot be deleted"],
)
def test_where_keys_are_let_in_the_namespaces_own_rule_is_deleted(
    tmp_path: Path, rules: list[str], deletes: bool, exit_code: int, calls: list[str]
) -> None:
    found = provisioned(tmp_path, "true", rules, deletes=deletes)
    assert found.exit_code == exit_code
    assert [call.split()[3] for call in found.calls] == calls
    namespace = "--resource-group rg-test --namespace-name sb-test"
    assert all(namespace in call for call in found.calls)
    assert all(f"--name {ROOT_RULE}" in call for call in found.calls[1:])


@pytest.mark.parametrize("by_queue", ["false", None])
def test_where_no_key_is_let_in_nothing_needs_to_be_deleted(
    tmp_path: Path, by_queue: str | None
) -> None:
    assert provisioned(tmp_path, by_queue, [ROOT_RULE]) == Provisioned(0, [])


class Provisioned(NamedTuple):
    exit_code: int
    calls: list[str]


def provisioned(
    tmp_path: Path, by_queue: str | None, rules: list[str], *, deletes: bool = True
) -> Provisioned:
    """What azure.yaml does after `azd provision` on Linux and macOS, and what it asks of Azure's
    command line."""
    text = (INFRA.parent / "azure.yaml").read_text(encoding="utf-8")
    hook = re.search(r"postprovision:\n +posix:\n.*\n +run: \|\n((?: {8}.*\n)+)", text)
    assert hook is not None
    az, asked = tmp_path / "az", tmp_path / "asked"
    listed = " ".join(rules)
    az.write_text(
        f'#!/bin/sh\necho "$*" >> {asked}\n'
        f'case "$4" in list) printf "%s\\n" {listed};; *) exit {int(not deletes)};; esac\n'
    )
    az.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "AZURE_RESOURCE_GROUP": "rg-test",
        "SERVICE_BUS_NAME": "sb-test",
        **({} if by_queue is None else {"SYNC_BUSINESS_EVENTS_BY_QUEUE": by_queue}),
    }
    done = subprocess.run(  # noqa: S603 - our own hook
        ["/bin/sh", "-c", hook[1]], env=environment, check=False, capture_output=True
    )
    return Provisioned(done.returncode, asked.read_text().splitlines() if asked.exists() else [])


def test_the_hook_asks_for_what_the_deployment_tells() -> None:
    text = (INFRA.parent / "azure.yaml").read_text(encoding="utf-8")
    hooks = text.partition("\nservices:")[0]
    asked = set(re.findall(r"\$(?:env:)?\{?((?:AZURE|SERVICE)\w+)", hooks))
    assert asked == {"AZURE_RESOURCE_GROUP", "SERVICE_BUS_NAME"}
    assert asked <= set(bicep("main").tree["outputs"])
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))
    assert given["parameters"]["businessEventsByQueue"]["value"] == (
        "${SYNC_BUSINESS_EVENTS_BY_QUEUE=false}"
    )


def test_duplicate_detection_is_to_be_had() -> None:
    assert bicep("bus").body("namespace")["sku"] == {"name": "Standard", "tier": "Standard"}


def test_secrets_are_given_out_by_role_and_cannot_be_purged() -> None:
    vault = properties("vault", "vault")
    assert vault["enableRbacAuthorization"] is True
    assert vault["enableSoftDelete"] is True
    assert vault["enablePurgeProtection"] is True
    assert vault["softDeleteRetentionInDays"] == 90
    assert "accessPolicies" not in vault


def test_who_reads_secrets_is_on_record() -> None:
    assert bicep("vault").body("audit")["scope"] == "vault"
    assert properties("vault", "audit")["logs"] == [{"categoryGroup": "audit", "enabled": True}]


def test_telemetry_is_taken_from_identities_only() -> None:
    assert properties("monitoring", "component")["DisableLocalAuth"] is True
    assert properties("monitoring", "workspace")["features"]["disableLocalAuth"] is True


def test_the_app_is_reached_by_tls_and_published_to_without_passwords() -> None:
    site = properties("app", "site")
    assert site["httpsOnly"] is True
    assert site["siteConfig"]["minTlsVersion"] == "1.2"
    assert site["siteConfig"]["ftpsState"] == "Disabled"
    assert properties("app", "ftpLogin")["allow"] is False
    assert properties("app", "scmLogin")["allow"] is False


def test_the_app_acts_as_its_own_identity() -> None:
    site: Any = bicep("app").body("site")
    assert site["identity"]["type"] == "UserAssigned"
    storage = site["properties"]["functionAppConfig"]["deployment"]["storage"]
    assert storage["authentication"]["type"] == "UserAssignedIdentity"


def test_strangers_can_neither_send_large_bodies_nor_fill_the_log_without_end() -> None:
    limit = int(properties("app", "settings")["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"])
    assert limit == BODY_LIMIT == 2 * LARGEST_BODY, "what the events' edge takes"
    assert properties("monitoring", "workspace")["workspaceCapping"] == {
        "dailyQuotaGb": "dailyCapGB"
    }
    assert bicep("main").tree["parameters"]["logDailyCapGB"]["default"] > 0
