"""Mails that were owed against those that were sent: what is parked, and what nobody sent."""

import asyncio
from typing import Final

from typing_extensions import override

from sandbox.mail_server import mail_server
from sync.core.message_queue import Received
from sync.engine.message import Message
from sync.reconcile.difference import Cause
from tests.flows.finance import Finance
from tests.flows.returns import Returning, key
from tests.flows.test_mails import of_invoices, of_returns
from tests.harness import played_in
from tests.reconcile.planted import header_of, mended, reconciled
from tests.systems import COMPANY

HOURS: Final = 3600


class Losing(Returning):
    """The harness, whose queue somebody clears of mails."""

    is_cleared = False

    @override
    async def _delivered(self, message: Received) -> None:
        if self.is_cleared and Message.decode(message.body).flow == "mails":
            await self.systems.queue.complete(message)
        else:
            await super()._delivered(message)


def test_a_status_whose_mail_is_parked_or_was_lost_is_found() -> None:
    with mail_server() as server:

        @played_in(lambda: Losing(of_returns(server, returns=("authorized",))))
        async def played(shop: Losing) -> None:
            await shop.requested(await shop.sold(), 1)
            server.says = {"RCPT": 550}
            parked = await shop.requested(await shop.sold(), 1)
            server.says, shop.is_cleared = {}, True
            lost = await shop.requested(await shop.sold(), 1)
            shop.is_cleared = False
            assert {one.cause for one in (await reconciled(shop, "mails"))[0]} == {
                Cause.PARKED, Cause.NOT_DUE,
            }  # fmt: skip
            await asyncio.sleep(3 * HOURS)
            found, summary = await reconciled(shop, "mails")
            assert {one.key: one.cause for one in found} == {
                f"return|{key(parked)}|authorized": Cause.PARKED,
                f"return|{key(lost)}|authorized": Cause.MISSING,
            }
            (sums,) = summary.totals()
            assert (sums["commerce_count"], sums["dynamics_count"]) == (3, 1)
            for one in found:
                await mended(shop, one)
            assert (await reconciled(shop, "mails"))[0] == []
            assert len(server.taken) == 3

        played()


def test_an_invoice_that_nobody_was_told_of_is_found() -> None:
    with mail_server() as server:

        @played_in(lambda: Finance(of_invoices(server)))
        async def played(finance: Finance) -> None:
            order = await finance.placed()
            (number,) = finance.dynamics.invoice(
                header_of(finance, order)["SalesOrderNumber"], COMPANY
            )
            await asyncio.sleep(50 * HOURS)
            ((one,), _) = await reconciled(finance, "mails")
            assert (one.key, one.cause) == (f"invoice|{COMPANY}|{number}", Cause.MISSING)
            await mended(finance, one)
            assert len(server.taken) == 1
            assert (await reconciled(finance, "mails"))[0] == []

        played()
