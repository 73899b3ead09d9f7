"""The demo, from order to cash, on what Azure has: the same story, the same books."""

import sys

import pytest

from tests.emulators import beside, emulators
from tests.sandbox.demo.running import agrees_to_the_cent, demo


@pytest.mark.long
async def test_a_small_demo_agrees_to_the_cent_over_amqp_and_table_storage(account: str) -> None:
    async with emulators(account) as settings:
        agrees_to_the_cent(
            await demo("--orders", "40", "--seed", "5", "--json", "--emulated", settings=settings)
        )


async def test_a_command_runs_beside_emulators_of_its_own_and_its_status_is_kept(
    account: str,
) -> None:
    looks = (
        "import os, sys; sys.exit(7 * (os.environ['TABLES_CONNECTION'] == sys.argv[1] and"
        " 'SERVICE_BUS' in os.environ))"
    )
    assert await beside([sys.executable, "-c", looks, account], account) == 7
