"""What every secret store does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from sync.core.errors import Never
from sync.core.ports import Dated, Secrets


@dataclass
class SecretsUnderTest:
    """An adapter; how an operator stores or removes a secret beside it; `caches_expire` makes it
    ask anew."""

    secrets: Secrets
    put: Callable[[str, str], Awaitable[None]]
    remove: Callable[[str], Awaitable[None]]
    caches_expire: Callable[[], Awaitable[None]]


class SecretsContract:
    """Subclass it, and give it a fixture `s`."""

    @pytest.fixture
    def s(self) -> SecretsUnderTest:
        raise NotImplementedError("the adapter's tests give this fixture")

    @pytest.mark.parametrize(
        "value",
        ["plain", "Grüße 👗", "a:b:c", '{"json": "\\n"}', "two\nlines\n", " blanks ", "x" * 20000],
    )
    async def test_a_secret_comes_back_as_it_was_stored(
        self, s: SecretsUnderTest, value: str
    ) -> None:
        await s.put("shop-eu-token", value)
        assert await s.secrets.get("shop-eu-token") == value

    async def test_its_dates_are_told_as_far_as_they_are_known(self, s: SecretsUnderTest) -> None:
        await s.put("shop-eu-token", "plain")
        assert isinstance(s.secrets, Dated)
        dates = await s.secrets.dates("shop-eu-token")
        assert dates.stored_at is not None
        assert dates.ends_at is None
        with pytest.raises(Never):
            await s.secrets.dates("another")

    async def test_secrets_are_apart(self, s: SecretsUnderTest) -> None:
        await s.put("one", "first")
        await s.put("two", "second")
        assert (await s.secrets.get("one"), await s.secrets.get("two")) == ("first", "second")

    async def test_names_are_compared_without_case(self, s: SecretsUnderTest) -> None:
        await s.put("Shop-Token", "value")
        assert await s.secrets.get("shop-token") == "value"

    async def test_an_unknown_name_needs_a_person(self, s: SecretsUnderTest) -> None:
        await s.put("other", "pssst")
        with pytest.raises(Never, match="shop-token") as caught:
            await s.secrets.get("shop-token")
        assert "shop-token" in caught.value.remedy
        assert "pssst" not in f"{caught.value!r} {caught.value.remedy}"

    @pytest.mark.parametrize("name", ["", "under_score", "with space", "a/b", "x" * 128, "ä"])
    async def test_a_name_beyond_the_rules_is_unknown(self, s: SecretsUnderTest, name: str) -> None:
        with pytest.raises(Never):
            await s.secrets.get(name)

    async def test_a_rotated_secret_is_picked_up_without_a_restart(
        self, s: SecretsUnderTest
    ) -> None:
        await s.put("token", "old")
        assert await s.secrets.get("token") == "old"
        await s.put("token", "new")
        await s.caches_expire()
        assert await s.secrets.get("token") == "new"

    async def test_a_removed_secret_is_unknown(self, s: SecretsUnderTest) -> None:
        await s.put("token", "old")
        assert await s.secrets.get("token") == "old"
        await s.remove("token")
        await s.caches_expire()
        with pytest.raises(Never):
            await s.secrets.get("token")
