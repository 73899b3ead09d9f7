"""From settings to an engine: each edition is opened as its settings say, once per process."""

import asyncio
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from sync.adapters.key_files import new_key
from sync.app import wiring
from sync.app.embedded import EMAIL_KEY
from sync.app.settings import Edition, Settings, SettingsMissing
from sync.app.wiring import QUIET, open_services, runtime, vault_key
from sync.core.errors import Later, Never
from tests.cli.test_preview import CONFIGURATION
from tests.log_capture import log_as_before
from tests.virtual_time import in_virtual_time


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    with log_as_before():
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "connections.toml").write_text(CONFIGURATION, encoding="utf-8")
    return Settings(
        Edition.EMBEDDED, home=tmp_path / "home", connections=tmp_path / "connections.toml"
    )


async def test_the_embedded_edition_is_alone_in_its_directory_when_it_serves(
    settings: Settings,
) -> None:
    services = await open_services(settings)
    assert services.edition_parts.is_alone
    beside = await open_services(settings, serves=False)
    assert beside.edition_parts.email_key == services.edition_parts.email_key
    await beside.close()
    await services.close()


async def test_the_emulated_edition_keeps_its_secrets_in_the_directory_and_shares_the_rest(
    settings: Settings,
) -> None:
    emulated = Settings(
        Edition.EMULATED,
        home=settings.home,
        connections=settings.connections,
        vault_key=SecretStr(new_key()),
        service_bus_connection=SecretStr(
            "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;"
            "UseDevelopmentEmulator=true;"
        ),
        tables_connection=SecretStr("UseDevelopmentStorage=true"),
    )
    services = await open_services(emulated, serves=False)
    assert not services.edition_parts.is_alone
    assert (
        await services.edition_parts.secrets.get(EMAIL_KEY)
    ).encode() == services.edition_parts.email_key
    assert not (settings.home / "vault.key").exists()
    assert not [path for path in settings.home.iterdir() if path.suffix == ".sqlite"]
    await services.close()


@pytest.mark.parametrize("field", ["service_bus_connection", "tables_connection"])
async def test_a_connection_string_that_cannot_be_read_is_told_without_it(
    settings: Settings, field: str
) -> None:
    texts = {
        "service_bus_connection": SecretStr(
            "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k"
        ),
        "tables_connection": SecretStr("UseDevelopmentStorage=true"),
        field: SecretStr("planted"),
    }
    emulated = Settings(
        Edition.EMULATED,
        home=settings.home,
        connections=settings.connections,
        **texts,  # type: ignore[arg-type]
    )
    with pytest.raises(Never) as refused:
        await open_services(emulated, serves=False)
    assert "planted" not in f"{refused.value} {refused.value.remedy}"


async def test_the_azure_edition_does_not_open_while_its_vault_is_out_of_reach(
    settings: Settings,
) -> None:
    azure = Settings(
        Edition.AZURE,
        home=settings.home,
        connections=settings.connections,
        service_bus_namespace="127.0.0.1:1",
        tables_endpoint="https://127.0.0.1:1",
        key_vault_url="https://127.0.0.1:1",
        identity_client_id="00000000-0000-0000-0000-000000000001",
    )
    with pytest.raises(Later, match="cannot be reached"):
        await open_services(azure)


async def test_a_process_has_one_engine_as_soon_as_its_settings_are_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "_opened", [])
    monkeypatch.setattr(wiring, "_opening", [])
    monkeypatch.setenv("SYNC_EDITION", "azure")
    with pytest.raises(SettingsMissing):
        await runtime()
    monkeypatch.setenv("SYNC_EDITION", "embedded")
    monkeypatch.setenv("SYNC_HOME", str(settings.home))
    monkeypatch.setenv("SYNC_CONNECTIONS", str(settings.connections))
    waiting = asyncio.create_task(runtime())
    await asyncio.sleep(0)
    waiting.cancel()  # whoever gives up waiting ends nobody's opening
    services, again = await asyncio.gather(runtime(), runtime())
    assert services is again is await runtime()
    await services.close()


@in_virtual_time
async def test_callers_cannot_make_an_app_that_does_not_open_try_all_the_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "_opened", [])
    monkeypatch.setattr(wiring, "_opening", [])
    monkeypatch.setenv("SYNC_EDITION", "embedded")
    monkeypatch.setenv("SYNC_HOME", str(settings.home))
    monkeypatch.setenv("SYNC_CONNECTIONS", str(settings.connections))
    settings.home.mkdir(mode=0o755)

    for mode in (0o755, 0o700):
        settings.home.chmod(mode)
        with pytest.raises(Never, match="others may enter"):
            await runtime()
    await asyncio.sleep(QUIET.total_seconds())
    await (await runtime()).close()


def test_the_vaults_key_comes_from_the_environment_or_a_file_or_the_directory(
    settings: Settings, tmp_path: Path
) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("from a file\n", encoding="utf-8")
    key_file.chmod(0o600)
    home = settings.home
    assert vault_key(settings) is None
    assert (
        vault_key(Settings(Edition.EMBEDDED, home, home, vault_key=SecretStr("given"))) == "given"
    )
    assert (
        vault_key(Settings(Edition.EMBEDDED, home, home, vault_key_file=key_file)) == "from a file"
    )


async def test_a_lock_lasts_no_longer_than_somebody_holds_it(settings: Settings) -> None:
    services = await open_services(settings)
    (name,) = services.connections
    one_at_a_time = (await services.systems_pool.open(name)).one_at_a_time
    held = one_at_a_time("journal")
    assert one_at_a_time("journal") is held
    assert one_at_a_time("another") is not held
    gone = weakref.ref(held)
    del held
    assert gone() is None
    await services.close()
