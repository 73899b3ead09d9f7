from datetime import timedelta
from sync.reconcile.kind import Connected, Window
from sync.reconcile.reconciling import kinds_of, reconcile
from tests.flows.finance import Finance, in_finance
from tests.systems import CONNECTION

async def reconciled(finance):
    services = finance.services
    systems = await services.systems_pool.open(CONNECTION)
    connected = Connected(systems, services.ledger, services.documents)
    now = finance.clock.now()
    found = []
    summary = await reconcile(connected, Window(now - timedelta(days=7), now+timedelta(seconds=1)), kinds_of(connected), found.append)
    return found, summary

@in_finance(creditmemos={"refund_payment": True})
async def test_first(finance: Finance) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    finance.ships(order)
    memo = finance.commerce.refund(order)
    await finance.books(memo, "creditmemos")
    found, summary = await reconciled(finance)
    import json
    for one in found: print(one.as_json())
    print(json.dumps(summary.as_json(), indent=1))
    assert 0
