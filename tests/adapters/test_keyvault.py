"""What the Key Vault adapter adds to the contract: one question for many, outages bridged, refusals
with a cure."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from sync.adapters.keyvault import FRESH, QUIET, REFUSAL_KEPT, STALE, KeyVaultSecrets
from sync.core.errors import Later, Never
from tests.contracts.hand_clock import HandClock
from tests.doubles.identities import Directory, Identity
from tests.doubles.keyvault import KeyVault, serving

ALWAYS = 10**6
VALUE = "the-value-itself"
_numbers = itertools.count(1)


@dataclass
class VaultUnderTest:
    vault: KeyVault
    secrets: KeyVaultSecrets
    clock: HandClock
    identity: Identity

    async def refused(self) -> Never:
        with pytest.raises(Never) as caught:
            await self.secrets.get("shop-token")
        assert_clean(f"{caught.value!r} {caught.value.remedy}")
        return caught.value

    async def unanswered(self) -> Later:
        with pytest.raises(Later) as caught:
            await self.secrets.get("shop-token")
        assert_clean(repr(caught.value))
        assert not caught.value.counts
        return caught.value


def assert_clean(text: str) -> None:
    assert "secret-looking-detail" not in text
    assert VALUE not in text


@pytest.fixture
async def under_test(tmp_path: Path) -> AsyncIterator[VaultUnderTest]:
    clock, directory = HandClock(), Directory()
    vault = KeyVault(
        f"adapter-{next(_numbers)}.vault.azure.net", directory, {"app"}, {"shop-token": VALUE}
    )
    async with serving(vault, tmp_path) as there:
        identity = Identity("app", directory)
        secrets = KeyVaultSecrets(
            f"https://{vault.host}", identity, clock, transport=there.transport()
        )
        yield VaultUnderTest(vault, secrets, clock, identity)
        await secrets.close()


async def test_a_token_is_shown_only_after_the_vaults_challenge(under_test: VaultUnderTest) -> None:
    assert await under_test.secrets.get("shop-token") == VALUE
    assert under_test.vault.questions == 2
    assert list(under_test.vault.directory.tokens.values()) == [("app", "https://vault.azure.net")]


async def test_of_many_at_the_same_time_one_asks(under_test: VaultUnderTest) -> None:
    under_test.vault.gate = asyncio.Event()
    asking = [
        asyncio.create_task(under_test.secrets.get(name))
        for name in ["shop-token", "SHOP-TOKEN"] * 20
    ]
    await asyncio.sleep(0)
    under_test.vault.gate.set()
    assert await asyncio.gather(*asking) == [VALUE] * 40
    assert under_test.vault.questions == 2


async def test_a_kept_secret_is_not_asked_for_again_while_it_is_fresh(
    under_test: VaultUnderTest,
) -> None:
    await under_test.secrets.get("shop-token")
    asked = under_test.vault.questions
    await under_test.clock.pass_by(FRESH - timedelta(seconds=1))
    await under_test.secrets.get("shop-token")
    assert under_test.vault.questions == asked
    await under_test.clock.pass_by(timedelta(seconds=1))
    await under_test.secrets.get("shop-token")
    assert under_test.vault.questions == asked + 1


async def test_a_cancelled_question_leaves_the_others_to_ask(under_test: VaultUnderTest) -> None:
    under_test.vault.gate = asyncio.Event()
    first, second = (asyncio.create_task(under_test.secrets.get("shop-token")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    under_test.vault.gate.set()
    assert await second == VALUE
    assert first.cancelled()


async def test_a_lost_connection_is_tried_again_once(under_test: VaultUnderTest) -> None:
    under_test.vault.drops = 1
    assert await under_test.secrets.get("shop-token") == VALUE


async def test_an_outage_is_bridged_with_the_kept_value_for_so_long_and_no_longer(
    under_test: VaultUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await under_test.secrets.get("shop-token")
    under_test.vault.drops = ALWAYS
    await under_test.clock.pass_by(FRESH)
    assert await under_test.secrets.get("shop-token") == VALUE
    await under_test.clock.pass_by(STALE - FRESH - timedelta(seconds=1))
    assert await under_test.secrets.get("shop-token") == VALUE
    await under_test.clock.pass_by(timedelta(seconds=1))
    assert "cannot be reached" in (await under_test.unanswered()).reason
    under_test.vault.drops = 0
    await under_test.clock.pass_by(QUIET)
    assert await under_test.secrets.get("shop-token") == VALUE
    assert "keyvault.unanswered" in caplog.text
    assert VALUE not in caplog.text + repr(under_test.secrets) + str(vars(under_test.secrets))


async def test_a_vault_that_did_not_answer_is_left_in_peace_for_a_while(
    under_test: VaultUnderTest,
) -> None:
    under_test.vault.status = 503
    await under_test.unanswered()
    asked = under_test.vault.questions
    under_test.vault.status = 200
    await asyncio.gather(*(under_test.unanswered() for _ in range(5)))
    assert under_test.vault.questions == asked
    await under_test.clock.pass_by(QUIET)
    assert await under_test.secrets.get("shop-token") == VALUE


async def test_whoever_has_a_kept_value_does_not_wait_for_another_ones_question(
    under_test: VaultUnderTest,
) -> None:
    await under_test.secrets.get("shop-token")
    await under_test.clock.pass_by(FRESH)
    under_test.vault.gate = asyncio.Event()
    under_test.vault.secrets["shop-token"] = "rotated"
    asking = asyncio.create_task(under_test.secrets.get("shop-token"))
    await asyncio.sleep(0)
    assert await under_test.secrets.get("shop-token") == VALUE
    under_test.vault.gate.set()
    assert await asking == "rotated"
    assert await under_test.secrets.get("shop-token") == "rotated"


@pytest.mark.parametrize(
    ("wished", "after"),
    [("7", 7), ("", 10), ("Wed, 21 Oct 2026 07:28:00 GMT", 10), ("999999", 600)],
)
async def test_throttling_is_later_as_the_vault_wishes(
    under_test: VaultUnderTest, wished: str, after: int
) -> None:
    under_test.vault.status, under_test.vault.retry_after = 429, wished
    assert (await under_test.unanswered()).after == timedelta(seconds=after)
    assert under_test.vault.questions == 1
    assert (await under_test.unanswered()).after == timedelta(seconds=after)


async def test_a_missing_secret_names_itself_its_vault_and_the_role_that_reads_it(
    under_test: VaultUnderTest,
) -> None:
    del under_test.vault.secrets["shop-token"]
    error = await under_test.refused()
    assert error.reason == f"no secret shop-token in {under_test.vault.host}"
    assert "--name shop-token" in error.remedy
    assert "Key Vault Secrets User" in error.remedy
    assert error.code == "request-1"
    under_test.vault.secrets["shop-token"] = VALUE
    asked = under_test.vault.questions
    assert (await under_test.refused()).remedy == error.remedy
    assert under_test.vault.questions == asked, "a flood of forged hooks asks once in seconds"
    await under_test.clock.pass_by(REFUSAL_KEPT)
    assert await under_test.secrets.get("shop-token") == VALUE


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        pytest.param(
            lambda vault: vault.readers.clear(), "role Key Vault Secrets User", id="no role"
        ),
        pytest.param(
            lambda vault: vault.disabled.add("shop-token"), "--enabled true", id="disabled"
        ),
        pytest.param(lambda vault: setattr(vault, "firewall", True), "firewall", id="firewall"),
        pytest.param(lambda vault: vault.secrets.clear(), "az keyvault secret set", id="deleted"),
        pytest.param(
            lambda vault: setattr(vault, "status", 400), "KEY_VAULT_URL", id="not understood"
        ),
    ],
)
async def test_a_refusal_needs_a_person_and_ends_the_use_of_a_kept_value(
    under_test: VaultUnderTest, change: Callable[[KeyVault], None], cure: str
) -> None:
    await under_test.secrets.get("shop-token")
    change(under_test.vault)
    await under_test.clock.pass_by(FRESH)
    assert cure in (await under_test.refused()).remedy
    under_test.vault.drops = ALWAYS
    await under_test.clock.pass_by(REFUSAL_KEPT)
    await under_test.unanswered()


async def test_without_a_token_no_question_is_asked_and_it_is_later(
    under_test: VaultUnderTest,
) -> None:
    under_test.vault.directory.reachable = False
    error = await under_test.unanswered()
    assert error.after == timedelta(minutes=5)
    assert "identity" in error.reason
    assert under_test.vault.questions == 1  # the one that draws the challenge


async def test_a_token_that_the_vault_does_not_accept_is_later(under_test: VaultUnderTest) -> None:
    await under_test.secrets.get("shop-token")
    under_test.vault.directory.trusted = False
    await under_test.clock.pass_by(STALE)
    assert (await under_test.unanswered()).after == timedelta(minutes=5)


async def test_no_token_is_given_to_what_does_not_ask_as_this_vault(
    under_test: VaultUnderTest,
) -> None:
    under_test.vault.resource = "https://vault.elsewhere.test"
    error = await under_test.refused()
    assert "KEY_VAULT_URL" in error.remedy
    assert under_test.vault.directory.tokens == {}


async def test_no_question_is_put_to_a_server_that_cannot_prove_its_name(
    under_test: VaultUnderTest, tmp_path: Path
) -> None:
    async with serving(under_test.vault, tmp_path) as there:
        transport = there.transport(trusts=False)
        secrets = KeyVaultSecrets(
            f"https://{under_test.vault.host}",
            under_test.identity,
            under_test.clock,
            transport=transport,
        )
        with pytest.raises(Later, match="cannot be reached"):
            await secrets.get("shop-token")
        await secrets.close()
    assert under_test.vault.questions == 0


async def test_the_credential_stays_the_callers(under_test: VaultUnderTest) -> None:
    await under_test.secrets.close()
    await under_test.secrets.close()
    assert under_test.identity.closed == 0


async def test_a_question_goes_on_when_whoever_asked_gives_up_waiting(
    under_test: VaultUnderTest,
) -> None:
    await under_test.secrets.get("shop-token")
    await under_test.clock.pass_by(FRESH)
    under_test.vault.gate = asyncio.Event()
    under_test.vault.secrets["shop-token"] = "rotated"
    asking = asyncio.create_task(under_test.secrets.get("shop-token"))
    await asyncio.sleep(0)
    asking.cancel()
    assert await under_test.secrets.get("shop-token") == VALUE
    await under_test.clock.pass_by(
        STALE
    )  # too old to be had meanwhile: who asks now joins the question
    joining = asyncio.create_task(under_test.secrets.get("shop-token"))
    under_test.vault.gate.set()
    assert await joining == "rotated"
