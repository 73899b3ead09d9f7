"""After an erasure no table and no queue of the Azure edition holds anything of a person."""

from dataclasses import replace

from sync.adapters.cipher import Cipher
from sync.adapters.key_files import new_key
from sync.app.services import Services
from sync.engine.queues import QUEUES
from sync.flows import FLOWS
from tests.azure_path.harness import CloudHarness, a_cloud_harness
from tests.flows.planted import PLANTED, SETTINGS, People, guessed, left_in_account, names_in
from tests.flows.test_erasure import erases


def in_queues(harness: CloudHarness) -> set[str]:
    queues = [harness.bus.namespace.entity(name) for name in QUEUES]
    bodies = [repr(message).encode() for queue in queues for message in queue.messages.values()]
    return set().union(*map(names_in, bodies))


async def test_nothing_of_a_person_is_left_in_any_table(account: str) -> None:
    async with a_cloud_harness(account, **SETTINGS) as harness:
        cipher, systems = Cipher([new_key()]), harness.systems
        parts = systems.edition_parts(is_alone=False, queue=harness.queue, tables=harness.tables)
        await harness.services.close()
        harness.services = Services(systems.connections, FLOWS, replace(parts, sealer=cipher))
        people = People(harness)
        await people.come_and_buy()
        await people.left_by_an_earlier_release()
        await harness.hooks(people.orders["wump"])
        assert await left_in_account(account, cipher) == {*PLANTED, guessed()}
        assert sum(await erases(harness, people)) > 20
        assert await left_in_account(account, cipher) == set()
        assert in_queues(harness) == set()
