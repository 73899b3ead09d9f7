"""The secrets' contract, on the Key Vault adapter: the real SDK over HTTPS, against a double of the
service."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sync.adapters.keyvault import FRESH, KeyVaultSecrets
from tests.contracts.hand_clock import HandClock
from tests.contracts.secrets_contract import SecretsContract, SecretsUnderTest
from tests.doubles.identities import Directory, Identity
from tests.doubles.keyvault import KeyVault, serving

_numbers = itertools.count(1)


class TestKeyVaultSecrets(SecretsContract):
    @pytest.fixture
    async def s(self, tmp_path: Path) -> AsyncIterator[SecretsUnderTest]:
        clock, directory = HandClock(), Directory()
        vault = KeyVault(f"contract-{next(_numbers)}.vault.azure.net", directory, readers={"app"})

        async def put(name: str, value: str) -> None:
            vault.secrets[name.lower()] = value

        async def remove(name: str) -> None:
            del vault.secrets[name.lower()]

        async def caches_expire() -> None:
            await clock.pass_by(FRESH)

        async with serving(vault, tmp_path) as there:
            identity = Identity("app", directory)
            secrets = KeyVaultSecrets(
                f"https://{vault.host}", identity, clock, transport=there.transport()
            )
            yield SecretsUnderTest(secrets, put, remove, caches_expire)
            await secrets.close()
