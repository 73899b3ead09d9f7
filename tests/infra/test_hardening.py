"""No keys, no public data, nothing before TLS 1.2, nothing gone for good by a slip."""

import re
from typing import Any

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


def test_where_keys_are_let_in_the_namespaces_own_rule_is_deleted() -> None:
    steps = (INFRA.parent / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert re.search(r"authorization-rule delete .*--name RootManageSharedAccessKey", steps)


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
