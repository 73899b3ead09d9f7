"""When credentials end: a certificate says so, and the configuration repeats what Entra shows."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sync.alerts.expiries import Expiries
from sync.alerts.findings import Expiry
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.ports import SecretDates
from sync.preview.example import example_connection
from tests.contracts.hand_clock import HandClock
from tests.doubles.certificates import made


class Vault:
    """Secrets that count how often they are read."""

    def __init__(self, pem: str | None) -> None:
        self._pem, self.reads = pem, 0

    async def get(self, name: str) -> str:
        self.reads += 1
        if self._pem is None:
            raise Never(f"there is no secret {name}", remedy="Store it.")
        return self._pem


def connection(**dynamics: Any) -> Connection:
    shop = example_connection()
    return shop.model_copy(update={"dynamics": shop.dynamics.model_copy(update=dynamics)})


async def test_a_certificate_says_itself_when_it_ends_and_is_not_read_at_every_look(
    tmp_path: Path,
) -> None:
    pem = made(tmp_path, ["f.example"]).certificate.read_text()
    vault, clock = Vault(pem), HandClock()
    expiries = Expiries({"bikes": connection(certificate="cert")}, vault, clock)
    (first,) = await expiries.known()
    assert (first.connection, first.what) == ("bikes", "certificate for F&O")
    assert first.at > datetime.now(UTC)
    clock.at += timedelta(hours=5)
    assert (await expiries.known(), vault.reads) == ([first], 1)
    clock.at += timedelta(hours=2)
    assert (await expiries.known(), vault.reads) == ([first], 2)


async def test_a_client_secret_ends_on_the_day_that_is_written_down() -> None:
    shop = connection(client_secret_expires=date(2027, 3, 1))
    known = await Expiries({"bikes": shop}, Vault(None), HandClock()).known()
    at = datetime(2027, 3, 1, tzinfo=UTC)
    assert known == [Expiry("bikes", "client secret for F&O", at)]


class Dating(Vault):
    """A store that tells when secrets end."""

    def __init__(self, **ends: datetime) -> None:
        super().__init__("x")
        self._ends = ends

    async def dates(self, name: str) -> SecretDates:
        if name not in self._ends:
            raise Never(f"there is no secret {name}", remedy="Store it.")
        return SecretDates(ends_at=self._ends[name])


async def test_a_secret_ends_when_its_store_says_so() -> None:
    end = datetime(2027, 3, 1, tzinfo=UTC)
    shop = connection(client_secret="fo-secret")
    names = shop.secret_names
    assert len(names) > 1
    store = Dating(**{names[0]: end})
    known = await Expiries({"bikes": shop}, store, HandClock()).known()
    assert known == [Expiry("bikes", f"secret {names[0]}", end)]


async def test_what_cannot_be_read_or_is_no_certificate_ends_nothing() -> None:
    for vault in (Vault(None), Vault("no certificate")):
        shop = connection(certificate="cert")
        assert await Expiries({"bikes": shop}, vault, HandClock()).known() == []
