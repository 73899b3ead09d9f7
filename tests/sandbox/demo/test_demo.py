"""The demo as a user runs it: processes, sockets, an exit status."""

import asyncio
import shutil
import signal
import tomllib
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox.demo.systems import pause
from tests.sandbox.demo.running import agrees_to_the_cent, demo, started


async def test_a_small_demo_agrees_to_the_cent_after_everything_that_went_wrong() -> None:
    run = await demo(
        "--orders", "40", "--products", "690", "--accounts", "12", "--seed", "6", "--json"
    )
    agrees_to_the_cent(run)


async def test_without_emulators_to_work_on_the_emulated_demo_says_what_is_missing() -> None:
    run = await demo("--emulated", settings={"SERVICE_BUS": "", "TABLES_CONNECTION": ""})
    assert run.status == 2
    assert "SERVICE_BUS is missing; TABLES_CONNECTION is missing" in run.errors
    assert "make demo EDITION=emulated" in run.errors


@pytest.mark.long
async def test_an_order_and_a_payment_that_somebody_changed_are_named_and_fail_the_demo() -> None:
    run = await demo("--orders", "20", "--products", "0", "--seed", "6", "--tamper")
    assert run.status == 1, run.said + run.errors
    assert "Off: 2" in run.said
    lines = [line for line in run.said.splitlines() if "comes to" in line]
    assert [line.split()[0] for line in lines] == ["outdoor", "outdoor"]
    overcharged, overpaid = (Decimal(line.rpartition("difference ")[2]) for line in lines)
    assert overcharged < 0  # one more for each piece of the line
    assert overpaid == Decimal(-2)
    assert " invoice " in lines[1]
    home = Path(run.said.rpartition("Left to look at: ")[2].partition(" (")[0])
    assert (home / "host.log").exists()
    await asyncio.to_thread(shutil.rmtree, home)


def homes(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def has_a_host(folder: Path) -> bool:
    return any(
        (home / "host.log").exists() and (home / "host.log").read_text() for home in homes(folder)
    )


def ports(home: Path) -> list[int | None]:
    connections = tomllib.loads((home / "connections.toml").read_text())["connections"].values()
    return [
        urlsplit(one[system]["url"]).port
        for one in connections
        for system in ("commerce", "dynamics")
    ]


@pytest.mark.long
async def test_ctrl_c_ends_every_process_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = await started("--orders", "20", "--products", "0", TMPDIR=str(tmp_path))
    async with asyncio.timeout(600):
        while not has_a_host(tmp_path):
            await pause()
    taken = ports(homes(tmp_path)[0])
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == 130
    assert not homes(tmp_path)
    for port in taken:
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", port)
