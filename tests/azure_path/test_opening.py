"""The Azure edition as it opens: one identity for everything, an operator's for commands, keys from
Key Vault, nothing left open."""

import itertools
import json
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync.adapters.entra import OperatorSignIn
from sync.adapters.key_files import new_key
from sync.app.cloud import open_azure
from sync.app.embedded import DOCUMENT_KEY, EMAIL_KEY
from sync.app.services import Services
from sync.app.settings import Edition, Settings
from sync.config.connections import Connections
from sync.core.errors import Never
from sync.core.telemetry import SILENT
from tests.doubles.identities import FAR_AWAY, Directory, Identity
from tests.doubles.keyvault import KeyVault, Serving, serving
from tests.systems import CONNECTION, SETTINGS, merged

CLIENT = "00000000-0000-0000-0000-000000000001"
LEDGER = "https://env.operations.dynamics.com"
_numbers = itertools.count(1)


@dataclass
class Place:
    """A vault with the product's keys, and the app's identity."""

    there: Serving
    identity: Identity

    @property
    def secrets(self) -> dict[str, str]:
        return self.there.vault.secrets

    async def opened(
        self,
        *,
        serves: bool = False,
        insights: str = "",
        is_signed_in_by_cli: bool = False,
        reports: str = "",
        **dynamics: Any,
    ) -> Services:
        changes = {
            "dynamics": {"url": LEDGER, "auth": "managed_identity", "bearer": None, **dynamics}
        }
        connections = Connections.model_validate(
            {"connections": {CONNECTION: merged(SETTINGS, changes)}}
        )
        settings = Settings(
            Edition.AZURE,
            home=Path(),
            connections=Path(),
            service_bus_namespace="127.0.0.1:1",
            tables_endpoint="https://127.0.0.1:1",
            key_vault_url=f"https://{self.there.vault.host}",
            identity_client_id=CLIENT,
            application_insights=insights,
            reports_endpoint=reports,
        )
        credential = None if is_signed_in_by_cli else self.identity
        return await open_azure(
            settings,
            connections,
            serves=serves,
            credential=credential,
            transport=self.there.transport(),
        )

    def signs_in(self, folder: Path, tool: str, name: str) -> None:
        """Put a command into a folder that answers as azd or az does, with a token for the vault of
        somebody's."""
        token = Identity(name, self.identity.directory).issue("https://vault.azure.net")
        answers = {
            "azd": {"token": token, "expiresOn": "2100-01-01T00:00:00Z"},
            "az": {"accessToken": token, "expires_on": FAR_AWAY},
        }
        command(folder / tool, f"cat <<'ANSWER'\n{json.dumps(answers[tool])}\nANSWER")
        self.there.vault.readers.add(name)


def command(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that goes before all others of the search path; in it an azd and an az to which
    nobody is signed in."""
    folder = tmp_path / "tools"
    folder.mkdir()
    command(
        folder / "azd", "echo 'ERROR: not logged in, run `azd auth login` to login' >&2; exit 1"
    )
    command(folder / "az", "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    directory = Directory()
    secrets = {DOCUMENT_KEY: new_key(), EMAIL_KEY: new_key()}
    vault = KeyVault(f"opening-{next(_numbers)}.vault.azure.net", directory, {"app"}, secrets)
    async with serving(vault, tmp_path) as there:
        yield Place(there, Identity("app", directory))


async def test_documents_and_addresses_are_sealed_with_the_keys_of_the_vault(place: Place) -> None:
    services = await place.opened()
    edition_parts = services.edition_parts
    assert edition_parts.email_key == place.secrets[EMAIL_KEY].encode()
    assert edition_parts.sealer.open(edition_parts.sealer.seal(b"an order")) == b"an order"
    assert not edition_parts.is_alone
    await services.close()


async def test_one_identity_signs_in_everywhere_and_is_closed_once_with_the_process(
    place: Place,
) -> None:
    services = await place.opened(serves=True, client_id=CLIENT)
    section = services.connections[CONNECTION].dynamics
    source = services.edition_parts.tokens.tokens(section)
    first = await source.token()
    assert await source.token(renew=True) != first
    await source.close()
    assert place.identity.closed == 0
    assert {scope for _, scope in place.identity.directory.tokens.values()} == {
        "https://vault.azure.net",
        LEDGER,
    }
    await services.close()
    await services.close()
    assert place.identity.closed == 1


@pytest.mark.parametrize("tool", ["azd", "az"])
async def test_a_command_signs_in_as_the_operator_who_runs_it(
    place: Place, tools: Path, tool: str
) -> None:
    place.there.vault.readers.clear()
    place.signs_in(tools, tool, "operator")
    services = await place.opened(is_signed_in_by_cli=True)
    assert services.edition_parts.email_key == place.secrets[EMAIL_KEY].encode()
    await services.close()


async def test_a_command_without_a_sign_in_says_how_to_sign_in(place: Place, tools: Path) -> None:
    with pytest.raises(Never, match="neither azd nor az") as refused:
        await place.opened(is_signed_in_by_cli=True)
    assert "azd auth login" in refused.value.remedy


async def test_a_sign_in_is_used_like_any_credential(place: Place, tools: Path) -> None:
    place.signs_in(tools, "az", "operator")
    async with OperatorSignIn() as credential:
        token = await credential.get_token("https://vault.azure.net/.default")
    assert place.identity.directory.knows(token.token, "https://vault.azure.net") == "operator"


async def test_a_command_cannot_be_the_managed_identity_to_the_ledger_and_says_so(
    place: Place,
) -> None:
    services = await place.opened(client_id=CLIENT)
    source = services.edition_parts.tokens.tokens(services.connections[CONNECTION].dynamics)
    with pytest.raises(Never, match="managed identity") as refused:
        await source.token()
    assert 'auth = "secret"' in refused.value.remedy
    await source.close()
    await services.close()


async def test_the_job_that_builds_reports_is_itself_to_the_ledger_and_to_the_vault(
    place: Place,
) -> None:
    """Where a connection signs in as the app, the job does not: it has a user that only reads."""
    services = await place.opened(client_id="the-apps", reports="https://reports.example")
    source = services.edition_parts.tokens.tokens(services.connections[CONNECTION].dynamics)
    token = await source.token()
    assert place.identity.directory.knows(token, LEDGER) == "app"
    await source.close()
    await services.close()
    assert place.identity.closed == 1


async def test_a_command_is_the_connections_app_registration_to_the_ledger(place: Place) -> None:
    changes: dict[str, Any] = {
        "auth": "secret",
        "tenant": "contoso.com",
        "client_id": CLIENT,
        "client_secret": "fno-secret",
    }
    services = await place.opened(**changes)
    source = services.edition_parts.tokens.tokens(services.connections[CONNECTION].dynamics)
    with pytest.raises(Never, match="fno-secret"):  # it looks for that secret in the vault
        await source.token()
    await services.close()


async def test_a_missing_key_is_told_and_nothing_stays_open(place: Place) -> None:
    del place.secrets[EMAIL_KEY]
    with pytest.raises(Never, match=EMAIL_KEY):
        await place.opened()
    assert place.identity.closed == 1


async def test_a_broker_that_is_away_does_not_keep_the_app_from_opening(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        services = await place.opened(serves=True)
    assert "cloud.senders_not_open" in caplog.text
    await services.close()


async def test_telemetry_that_cannot_be_set_up_does_not_keep_the_app_from_opening(
    place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    ):
        monkeypatch.setenv(name, "true")
    services = await place.opened(serves=True, insights="InstrumentationKey=planted")
    assert "cloud.telemetry_not_configured" in caplog.text
    assert "planted" not in caplog.text
    assert services.edition_parts.telemetry is SILENT
    await services.close()
