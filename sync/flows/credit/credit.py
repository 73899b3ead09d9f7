"""Credit of accounts in F&O -> company credit in Commerce.

In:      limits, holds, open items and open orders of F&O; the shop's company credits and its orders
         on account, as far as F&O has them.
Out:     the limit of each company's credit, so that what the shop says is available is what F&O
         leaves; the ways to pay on account, where the settings name them.
Key:     the company id in Commerce, or "*" for all that are mapped to an account.
Counts:  an order once: the shop takes off its own, F&O's come by the limit
         (`mapping/company_credit.py`). Balances of the shop are never written.
Parks:   a company whose account is not in F&O, a currency without a rate, a limit that the shop
         refuses or does not show, and a run that would change too much.
Repeats: limits are absolute; what the shop confirmed is not sent again.
Keeps:   the prepared rows that a checkout reads (`sync/credit`).
"""

from sync.engine.publication import PublicationFlow
from sync.engine.published_rows import MassChange, Rows
from sync.flows.credit.credit_rows import every, keep, one
from sync.flows.credit.credit_target import ShopCredit
from sync.pacing.priority import Priority

credit = PublicationFlow(
    name="credit",
    title="Credit of accounts to company credit",
    source=Rows(every, one, keep=keep),
    target=ShopCredit(),
    every=lambda connection: connection.credit.poll_minutes,
    guard=lambda connection: MassChange(connection.credit.most_changed_percent),
    priority=Priority.MASTER_DATA,
)
