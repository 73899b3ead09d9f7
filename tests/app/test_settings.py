from pathlib import Path

import pytest
from pydantic import SecretStr

from sync.app.settings import NAMESPACE, ConsoleSignIn, Edition, Settings, SettingsMissing

AZURE = {
    NAMESPACE: "Bus.servicebus.windows.net",
    "TABLES_ENDPOINT": "https://acc.table.core.windows.net/",
    "KEY_VAULT_URL": "https://kv.vault.azure.net/",
    "AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000001",
}
PLANTED = "s3cr3t-value-that-nobody-may-see"


def test_the_embedded_edition_needs_nothing() -> None:
    settings = Settings.from_environment({})
    assert settings == Settings(
        Edition.EMBEDDED, home=Path(".sync"), connections=Path("connections.toml"),
        console=ConsoleSignIn.TOKEN,
    )  # fmt: skip


def test_the_embedded_edition_takes_home_keys_and_logging() -> None:
    settings = Settings.from_environment(
        {
            "SYNC_HOME": "/srv/sync",
            "SYNC_CONNECTIONS": "/etc/sync.toml",
            "SYNC_VAULT_KEY_FILE": "/run/key",
            "SYNC_HOST_KEY": PLANTED,
            "SYNC_LOG": "DEBUG",
            "SYNC_LOG_FORMAT": "json",
        }
    )
    assert (settings.home, settings.connections) == (Path("/srv/sync"), Path("/etc/sync.toml"))
    assert settings.vault_key_file == Path("/run/key")
    assert settings.host_key == SecretStr(PLANTED)
    assert (settings.log_level, settings.log_format) == ("debug", "json")


def test_azure_is_recognised_by_its_namespace() -> None:
    settings = Settings.from_environment(AZURE)
    assert settings.edition is Edition.AZURE
    assert settings.service_bus_namespace == "bus.servicebus.windows.net"
    assert settings.tables_endpoint == "https://acc.table.core.windows.net"
    assert settings.key_vault_url == "https://kv.vault.azure.net"


def test_the_emulated_edition_is_recognised_by_its_connection_string() -> None:
    settings = Settings.from_environment({"SERVICE_BUS": PLANTED, "TABLES_CONNECTION": PLANTED})
    assert settings.edition is Edition.EMULATED
    assert settings.tables_connection == SecretStr(PLANTED)


def test_every_missing_name_is_told_at_once() -> None:
    with pytest.raises(SettingsMissing) as caught:
        Settings.from_environment({"SYNC_EDITION": "azure", "TABLES_ENDPOINT": "  "})
    assert caught.value.names == ("AZURE_CLIENT_ID", "KEY_VAULT_URL", NAMESPACE, "TABLES_ENDPOINT")
    assert "KEY_VAULT_URL is missing" in str(caught.value)
    assert "Set them in the environment" in str(caught.value)


@pytest.mark.parametrize("mark", ["WEBSITE_INSTANCE_ID", "WEBSITE_SKU"])
def test_an_app_in_azure_without_its_settings_does_not_run_on_a_disk_that_is_thrown_away(
    mark: str,
) -> None:
    with pytest.raises(SettingsMissing, match="KEY_VAULT_URL is missing"):
        Settings.from_environment({mark: "1"})
    with pytest.raises(SettingsMissing, match="a disk that Azure throws away"):
        Settings.from_environment({mark: "1", "SYNC_EDITION": "embedded"})


@pytest.mark.parametrize(
    ("name", "value", "fragment"),
    [
        ("SYNC_EDITION", "azur", "SYNC_EDITION is none of embedded, emulated, azure"),
        ("SYNC_LOG", "loud", "SYNC_LOG is none of debug"),
        ("SYNC_LOG_FORMAT", "xml", "SYNC_LOG_FORMAT is none of text, json"),
        (NAMESPACE, f"Endpoint=sb://x/;SharedAccessKey={PLANTED}", "is not a host name"),
        (
            "TABLES_ENDPOINT",
            f"https://acc.table.core.windows.net/?sig={PLANTED}",
            "TABLES_ENDPOINT is not a URL",
        ),
        ("KEY_VAULT_URL", "http://kv.vault.azure.net", "KEY_VAULT_URL is not a URL"),
        (
            "AZURE_CLIENT_ID",
            "@Microsoft.KeyVault(SecretUri=https://x)",
            "a Key Vault reference that was not resolved",
        ),
        (
            "SYNC_HOST_KEY",
            "@Microsoft.KeyVault(SecretUri=https://x)",
            "a Key Vault reference that was not resolved",
        ),
    ],
)
def test_a_wrong_setting_is_told_without_its_value(name: str, value: str, fragment: str) -> None:
    with pytest.raises(SettingsMissing, match=fragment) as caught:
        Settings.from_environment({**AZURE, name: value})
    assert caught.value.names == (name,)
    assert PLANTED not in str(caught.value)


def test_the_console_is_off_in_azure_until_somebody_says_who_may_use_it() -> None:
    assert Settings.from_environment(AZURE).console is ConsoleSignIn.OFF
    given = {**AZURE, "SYNC_CONSOLE": "Entra"}
    assert Settings.from_environment(given).console is ConsoleSignIn.ENTRA
    assert Settings.from_environment({**given, "WEBSITE_AUTH_ENABLED": "True"})


@pytest.mark.parametrize(
    ("given", "fragment"),
    [
        ({"SYNC_CONSOLE": "entra"}, "only Azure's platform signs people in so"),
        ({**AZURE, "SYNC_CONSOLE": "open"}, "none of off, token, entra"),
        (
            {**AZURE, "SYNC_CONSOLE": "entra", "WEBSITE_AUTH_ENABLED": "False"},
            "the platform signs nobody in",
        ),
    ],
)
def test_who_may_use_the_console_is_never_left_to_headers_that_anybody_sends(
    given: dict[str, str], fragment: str
) -> None:
    with pytest.raises(SettingsMissing, match=fragment):
        Settings.from_environment(given)


def test_one_of_two_vault_keys_is_enough() -> None:
    with pytest.raises(SettingsMissing, match="one of the two is enough"):
        Settings.from_environment({"SYNC_VAULT_KEY": PLANTED, "SYNC_VAULT_KEY_FILE": "key"})


def test_no_secret_shows_when_settings_are_printed() -> None:
    given = {
        "SERVICE_BUS": PLANTED,
        "TABLES_CONNECTION": PLANTED,
        "SYNC_VAULT_KEY": PLANTED,
        "SYNC_HOST_KEY": PLANTED,
    }
    settings = Settings.from_environment(given)
    assert PLANTED not in repr(settings)
    assert PLANTED not in str(settings)


def test_names_that_are_told_by_others_count_as_missing() -> None:
    assert "settings are missing: A is missing; B is missing" in str(SettingsMissing(["A", "B"]))


def test_telemetry_is_sent_nowhere_unless_it_is_said_where() -> None:
    assert Settings.from_environment(AZURE).application_insights == ""
    settings = Settings.from_environment(
        {**AZURE, "APPLICATIONINSIGHTS_CONNECTION_STRING": PLANTED}
    )
    assert settings.application_insights == PLANTED
    assert PLANTED not in repr(settings)
