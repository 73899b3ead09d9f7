import asyncio
from decimal import Decimal
from tests.flows.finance import in_finance, Finance, key
from tests.systems import COMPANY
S=dict(flows=("orders","customers","invoices","creditmemos","posted_invoices","returns","return_states","refunds"),
 returns={"reasons":{"*":"DEFECT"},"authorise":"rule","exchanges":("6",)})
@in_finance(**S)
async def test_one(finance: Finance):
    order = await finance.placed(shipping=Decimal("4.95"), **finance.wants("SIMPLE-001","SIMPLE-003",pieces=3))
    finance.commerce.invoice(order); finance.ships(order)
    rma = finance.commerce.request_return(order, {order.items[0]["item_id"]: 2})
    await finance.polls("returns"); await finance.works_until_idle()
    print(await finance.events(key(rma),"returns"), (await finance.claim(key(rma),"returns")).reason)
    (h,) = finance.dynamics.returns_for(f"1-R{rma['increment_id']}")
    print(dict(h.values)); print([dict(r.values) for r in finance.rows("ReturnOrderLinesV2")])
    await finance.polls("return_states"); await finance.works_until_idle()
    print(await finance.events(key(rma),"return_states"), (await finance.claim(key(rma),"return_states")).reason)
    print(finance.commerce.rmas)
    n=h["ReturnOrderNumber"]
    finance.dynamics.register_return(n, disposition="CREDIT")
    from sandbox.dynamics import return_handling
    return_handling.post_slip(finance.dynamics, finance.dynamics.return_order(n))
    cn=finance.dynamics.post_return(n)
    await finance.polls("refunds"); await finance.works_until_idle()
    k=f"usmf|{cn}"
    print(await finance.events(k,"refunds"), (await finance.claim(k,"refunds")))
    print(order.creditmemos)
    print(finance.commerce.rmas)
    await finance.polls("creditmemos"); await finance.works_until_idle()
    print([ (c.key,c.state,c.reason) async for c in finance.services.ledger.claims("shop","creditmemos",prefix="0")])
    print([dict(r.values)["TotalInvoiceAmount"] for r in finance.rows("CustInvoiceJour")])
