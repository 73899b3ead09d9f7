"""The app's settings: all that the code reads, none that Flex Consumption refuses, and all in the
shape the code expects."""

import ast
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from sync.app.settings import CHOICES, KEEP, NEEDED, SECRETS, Edition, Settings
from sync.hosts.azure import SERVICE_BUS
from tests.infra.bicep import bicep

ROOT = Path(__file__).parents[2]
CLIENT = "00000000-0000-0000-0000-000000000001"
OUTPUTS = {
    "identityClientId": CLIENT,
    "componentConnectionString": (
        "InstrumentationKey=0;IngestionEndpoint=https://region.in.applicationinsights.azure.com/"
    ),
    "blobEndpoint": "https://name.blob.core.windows.net/",
    "queueEndpoint": "https://name.queue.core.windows.net/",
    "tableEndpoint": "https://name.table.core.windows.net/",
    "busHost": "name.servicebus.windows.net",
    "vaultUrl": "https://name.vault.azure.net/",
    "keepCopiesMonths": "12",
    "consoleSignIn": "entra",
}
"""What modules hand over, as Azure writes it."""

REFUSED = {
    "ENABLE_ORYX_BUILD", "FUNCTIONS_EXTENSION_VERSION", "FUNCTIONS_WORKER_RUNTIME",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_CONTENTSHARE", "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_TIME_ZONE",
}  # fmt: skip
"""Flex Consumption does without these, or refuses them (vendor reference, read 2026-11)."""

HOSTS = {
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
}


def environment() -> dict[str, str]:
    """The settings as the app finds them."""
    properties: Any = bicep("app").body("settings")["properties"]
    found: dict[str, str] = {}
    for name, value in properties.items():
        inserted = value
        for output, text in OUTPUTS.items():
            inserted = inserted.replace(f"${{{output}}}", text)
        found[name] = OUTPUTS.get(inserted, inserted)
    return found


def test_the_app_starts_with_them() -> None:
    settings = Settings.from_environment(
        {**environment(), "WEBSITE_INSTANCE_ID": "0", "WEBSITE_SKU": "FlexConsumption"}
    )
    assert settings.edition is Edition.AZURE
    assert settings.service_bus_namespace == "name.servicebus.windows.net"
    assert settings.tables_endpoint == "https://name.table.core.windows.net"
    assert settings.key_vault_url == "https://name.vault.azure.net"
    assert settings.identity_client_id == CLIENT


@pytest.mark.parametrize("name", [*NEEDED[Edition.AZURE], "SYNC_EDITION", "SYNC_CONNECTIONS"])
def test_every_setting_that_the_code_needs_is_set(name: str) -> None:
    assert environment()[name]


def test_the_environment_is_read_in_one_place() -> None:
    """So that what the settings table says is all there is."""
    readers = set()
    for path in (ROOT / "sync").rglob("*.py"):
        attributes = (
            node
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute)
        )
        if any(attribute.attr in {"environ", "getenv"} for attribute in attributes):
            readers.add(path.relative_to(ROOT).parts[1])
    assert readers <= {"app", "cli"}


def test_an_operators_settings_have_the_same_names_as_the_apps() -> None:
    """So that `eval "$(azd env get-values)"` is all that a command needs."""
    reported: Any = bicep("main").tree["outputs"]
    assert {*NEEDED[Edition.AZURE], "SYNC_EDITION"} <= set(reported)
    app: Any = bicep("main").tree["modules"]["app"]["config"]["params"]
    given: Any = bicep("app").body("settings")["properties"]
    for name in NEEDED[Edition.AZURE]:
        assert reported[name]["value"] == app[given[name]], name


def test_nothing_is_set_that_nobody_reads() -> None:
    read = {*NEEDED[Edition.AZURE], *CHOICES, "SYNC_CONNECTIONS", KEEP, *HOSTS}
    ours = {
        name
        for name in environment()
        if not name.startswith(("AzureWebJobsStorage__", f"{SERVICE_BUS}__"))
    }
    assert ours <= read


def test_nothing_is_set_that_flex_consumption_refuses() -> None:
    assert REFUSED.isdisjoint(environment())


def test_no_secret_is_among_them() -> None:
    assert set(SECRETS).isdisjoint(environment())
    assert not any(
        word in value
        for value in environment().values()
        for word in ("AccountKey", "SharedAccessKey")
    )


@pytest.mark.parametrize("connection", ["AzureWebJobsStorage", SERVICE_BUS])
def test_the_host_connects_as_the_apps_identity(connection: str) -> None:
    found = environment()
    assert connection not in found
    assert found[f"{connection}__credential"] == "managedidentity"
    assert found[f"{connection}__clientId"] == CLIENT


def test_telemetry_is_sent_as_the_apps_identity() -> None:
    assert (
        environment()["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]
        == f"ClientId={CLIENT};Authorization=AAD"
    )


def test_the_configuration_is_looked_for_where_the_package_lies() -> None:
    path = PurePosixPath(environment()["SYNC_CONNECTIONS"])
    assert path.parent == PurePosixPath("/home/site/wwwroot")
    assert path.name == Settings.from_environment({}).connections.name


def test_it_runs_on_flex_consumption_with_the_python_that_the_code_is_written_for() -> None:
    app = bicep("app")
    assert app.body("plan")["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    configured: Any = app.body("site")["properties"]["functionAppConfig"]
    assert configured["runtime"] == {"name": "python", "version": "3.11"}
    assert configured["scaleAndConcurrency"]["triggers"]["http"]["perInstanceConcurrency"] == 16
    ast.parse((ROOT / "function_app.py").read_text(encoding="utf-8"), feature_version=(3, 11))
