"""The product signs in by certificate at the sandbox's Entra, and by the next one when that is
rotated."""

from pathlib import Path

import pytest

from sandbox.entra import TENANT, TRUSTED, Certificate, Entra
from sync.adapters.entra import EntraTokens
from sync.core.errors import SignInRefused
from tests.dynamics.test_auth import Vault, section


async def test_a_new_certificate_signs_in_and_an_old_one_does_not_any_more(tmp_path: Path) -> None:
    opening: list[list[str]] = []

    async def opens(tokens: list[str]) -> None:
        opening.append(tokens)

    old, new = Certificate.made(), Certificate.made()
    vault = Vault({"fno-certificate": old.pem.decode()})
    async with Entra.at_work(tmp_path, opens) as entra:
        entra.register(old)
        app = {"auth": "certificate", "certificate": "fno-certificate", "tenant": TENANT}
        settings = section(client_id="app-1", authority=entra.url, **app)
        trusted = str(tmp_path / TRUSTED)
        tokens = EntraTokens(settings, "https://fno/.default", vault, connection_verify=trusted)
        first = await tokens.token()
        assert opening[-1] == [first]
        entra.register(new)
        await entra.remove(old.thumbprint)
        assert opening[-1] == []
        with pytest.raises(SignInRefused, match="AADSTS700027"):
            await tokens.token(renew=True)
        vault.secrets["fno-certificate"] = new.pem.decode()
        second = await tokens.token(renew=True)
        assert opening[-1] == [second] != [first]
        await tokens.close()
