"""The product with one thing wrong each. What proves the product must find every one of them: a
world of the simulation, or a test that is named here.

A mutant is a piece of the source text and what stands there instead. Text that no longer occurs
once is a fault of this list: say there what the rule has become.
"""

from dataclasses import dataclass
from typing import Final

EXECUTOR = "sync/engine/executor.py"
DELIVERY = "sync/engine/delivery.py"
LEDGER = "sync/engine/ledger.py"
OUTCOMES = "sync/engine/outcomes.py"
OUTCOME_ROWS = "sync/engine/outcome_rows.py"
POLLING = "sync/engine/polling.py"
POLL_RUN = "sync/engine/poll_run.py"
RUNNER = "sync/engine/runner.py"
MESSAGE = "sync/engine/message.py"
TIMING = "sync/engine/timing.py"
CLIENT = "sync/dynamics/odata_client.py"
FAULTS = "sync/dynamics/faults.py"
ANSWERS = "sync/dynamics/answers.py"
PUBLICATION = "sync/engine/publication.py"
PUMP = "sync/hosts/pump.py"
RECEIVABLES = "sync/flows/receivables/receivable_writes.py"
TESTS_OF_EXECUTOR = "tests/engine/test_executor.py"


@dataclass(frozen=True)
class Mutant:
    """`old` stands once in `path`, and `new` instead of it. `tests`: those that are to find it out;
    without any, the worlds alone."""

    name: str
    what: str
    path: str
    old: str
    new: str
    tests: str = ""

    def applied_to(self, text: str) -> str:
        """The mutant's source. Raises `ValueError` where the text does not stand there once."""
        if (found := text.count(self.old)) != 1:
            raise ValueError(
                f"mutant {self.name}: its text stands {found} times in {self.path}, not once"
            )
        return text.replace(self.old, self.new)


MUTANTS: Final = (
    Mutant(
        "intent-forgotten",
        "a write is sent and nothing in the claim says so",
        DELIVERY,
        "intent_document=document,",
        'intent_document="",',
        TESTS_OF_EXECUTOR,
    ),
    Mutant(
        "unsettled-wait-dropped",
        "a try looks for what an earlier one left while that may still commit",
        DELIVERY,
        "if self.is_unsettled and until is not None:",
        "if False:",
        TESTS_OF_EXECUTOR,
    ),
    Mutant(
        "mixed-intent-forgotten",
        "what may be there of two different documents is taken for the later one",
        DELIVERY,
        'f"mixed|{document}"',
        "document",
        TESTS_OF_EXECUTOR,
    ),
    Mutant(
        "target-numbers-lost",
        "a delivered record's claim does not say what the targets hold",
        OUTCOME_ROWS,
        '"targets": delivery.targets,',
        '"targets": "",',
        TESTS_OF_EXECUTOR,
    ),
    Mutant(
        "first-look-dropped",
        "a document with our number is not looked for after a lost answer",
        EXECUTOR,
        "return await write.find() if delivery.looks_first(write.kind) else None",
        "return None",
        TESTS_OF_EXECUTOR,
    ),
    Mutant(
        "look-dropped",
        "a document with the target's number is made without a look",
        EXECUTOR,
        "return await (write.find_lately() if delivery.is_unannounced else write.find())",
        "return None",
        TESTS_OF_EXECUTOR,
    ),
    Mutant(
        "old-look-trusted",
        "what was not there a moment ago counts as not there after a write was announced",
        DELIVERY,
        "return not self.message.is_asked and not any(traces)",
        "return True",
        TESTS_OF_EXECUTOR,
    ),
    Mutant(
        "sales-order-look-dropped",
        "a sales order is made without a look",
        "sync/flows/orders/sales_order_writes.py",
        "return await self.left_behind.found(self._found, self.order)",
        "return None",
        "tests/flows/test_orders.py",
    ),
    Mutant(
        "free-text-look-dropped",
        "a free text invoice is made without a look",
        RECEIVABLES,
        "return await self.left_behind.found(self._found, self.invoice)",
        "return None",
        "tests/flows/test_free_text.py",
    ),
    Mutant(
        "return-look-dropped",
        "a return order is made without a look",
        RECEIVABLES,
        "found = await self.left_behind.found(self._found, self.order)",
        "found = None",
        "tests/flows/test_creditmemos.py",
    ),
    Mutant(
        "payment-look-dropped",
        "a payment line is written without a look",
        "sync/dynamics/payment_journals.py",
        "rows = [row for row in rows if row.get(payment.side)]",
        "rows = []",
        "tests/flows/test_payments.py",
    ),
    Mutant(
        "account-look-dropped",
        "an account that is there is not found by what it is called",
        "sync/flows/customers/customer_accounts.py",
        "return self._found(self.account) if self.account else None",
        "return None",
        "tests/flows/test_customers.py",
    ),
    Mutant(
        "comment-look-dropped",
        "a number is told in Commerce without a look",
        "sync/flows/orders/write_back.py",
        "return Found(self.text) if self.text in comments else None",
        "return None",
        "tests/flows/test_write_back.py",
    ),
    Mutant(
        "unknown-taken-for-sent",
        "what an earlier try may have left otherwise counts as just sent",
        EXECUTOR,
        "sent = None if is_other else write.placed",
        "sent = write.placed",
        "tests/flows/test_orders.py",
    ),
    Mutant(
        "removal-settle-dropped",
        "a document is removed while a change of it may still commit",
        EXECUTOR,
        "delivery.wait_until_settled()\n        intent = await delivery.intend(removal.kind,",
        "intent = await delivery.intend(removal.kind,",
        TESTS_OF_EXECUTOR,
    ),
    Mutant(
        "lost-answer-taken-for-a-refusal",
        "a write without an answer counts as not made",
        FAULTS,
        "kind = Unknown if call.writes and was_sent else Later",
        "kind = Later",
        "tests/dynamics",
    ),
    Mutant(
        "changeset-failure-ignored",
        "a changeset of which a part was refused counts as made",
        CLIENT,
        "                await self._transport.refuse(part, call)\n        pairs = ",
        "                return [{} for _ in writes]\n        pairs = ",
        "tests/dynamics/test_odata_client.py",
    ),
    Mutant(
        "batch-documents-cross-wired",
        "documents of one batch get each other's answers",
        ANSWERS,
        "for group, document in zip(groups, documents, strict=True)\n",
        "for group, document in zip(groups[::-1], documents, strict=True)\n",
        "tests/dynamics/test_odata_client.py",
    ),
    Mutant(
        "lease-owner-unchecked",
        "who has lost a record goes on writing into its claim",
        LEDGER,
        "if found.owner != claim.owner:",
        "if False:",
        "tests/engine/test_ledger.py",
    ),
    Mutant(
        "lease-end-look-dropped",
        "a record whose holder dies is left to nobody",
        RUNNER,
        "await self._engine.intake.outlive(message, claim.owner, due)",
        "return",
        "tests/engine/test_two_clocks.py",
    ),
    Mutant(
        "notification-margin-dropped",
        "a notification is due before the queue's window has closed by every clock",
        MESSAGE,
        "end + margin)",
        "end)",
        "tests/engine/test_message.py",
    ),
    Mutant(
        "pause-margin-dropped",
        "what waits for a pause comes again before it is over by the worker's clock",
        RUNNER,
        "reschedule(message, begins + CLOCKS_APART)",
        "reschedule(message, begins)",
        "tests/engine/test_two_clocks.py",
    ),
    Mutant(
        "again-dropped",
        "who holds a record is not told that somebody notified meanwhile",
        LEDGER,
        "replace(noted, again=True) if held",
        "noted if held",
        "tests/engine/test_ledger.py",
    ),
    Mutant(
        "again-not-sent",
        "what was notified while a record was held is not looked at again",
        OUTCOMES,
        "if released.again:",
        "if False:",
        "tests/flows/test_order_changes.py",
    ),
    Mutant(
        "killer-tried-for-ever",
        "a record that ends its process is tried without end",
        RUNNER,
        "elif claim.deaths >= MOST_DEATHS:",
        "elif False:",
        "tests/engine/test_deaths.py",
    ),
    Mutant(
        "product-answer-believed",
        "a product counts as shown although the shop took it and shows something else",
        "sync/flows/catalogue/product_target.py",
        "return {**refused, **await self._not_shown(kept, systems)}",
        "return refused",
        "tests/flows/test_products.py",
    ),
    Mutant(
        "own-stop-left-to-others",
        "a stop of ours whose answer was lost counts as somebody else's",
        "sync/flows/orders/order_stops.py",
        "inherited is not None and inherited.document.endswith(MOVED)",
        "False",
        "tests/flows/test_order_life.py",
    ),
    Mutant(
        "asked-behind-bursts",
        "what a person asks for waits behind the burst of its flow",
        "sync/engine/intake.py",
        "ASKED if message.comes_first else self._queues",
        "self._queues",
        "tests/engine/test_turns.py",
    ),
    Mutant(
        "places-without-bound",
        "the calls of one connection that hang hold all places of a machine",
        "sync/adapters/sqlite/places.py",
        "if connections < 2 or not connection or owned.total() < ANYBODYS:",
        "if True:",
        "tests/engine/test_turns.py",
    ),
    Mutant(
        "suspects-beside-others",
        "a record that somebody died of is tried beside others again",
        "sync/engine/claim.py",
        "return not self.owner and SUSPECTED <= self.deaths < MOST_DEATHS",
        "return False",
        "tests/engine/test_deaths.py",
    ),
    Mutant(
        "suspect-waits-for-nobody",
        "a suspect begins while others are under way",
        "sync/engine/suspects.py",
        "await self._is_empty.wait()",
        "pass",
        "tests/engine/test_deaths.py",
    ),
    Mutant(
        "killer-polled-again",
        "a poll notifies again of a record that nobody survives",
        POLL_RUN,
        "if claim.state is State.PARKED and claim.deaths and claim.read_at is not None:",
        "if False and claim.read_at is not None:",
        "tests/engine/test_deaths.py",
    ),
    Mutant(
        "try-not-rescheduled",
        "a try that failed has no other after it",
        OUTCOMES,
        "if not is_stored:",
        "if False:",
        "tests/engine/test_outages.py",
    ),
    Mutant(
        "own-message-waited-for",
        "a try that comes early by its clock waits for the very message that has brought it",
        "sync/engine/timing.py",
        "return (waits if is_in_time else due), is_in_time",
        "return (waits if is_in_time else due), is_in_time or due == waits",
        "tests/engine/test_two_clocks.py",
    ),
    Mutant(
        "message-id-reused",
        "a later try has the id of an earlier one",
        MESSAGE,
        '{message.attempt}|{unique}"',
        '{message.attempt}"',
        "tests/engine/test_message.py",
    ),
    Mutant(
        "old-news-too-eager",
        "a record that was read before a notification counts as read since",
        TIMING,
        "claim.heard_with(message.notified_at) + SEEN_AFTER",
        "claim.heard_with(message.notified_at) - SEEN_AFTER",
        "tests/flows/test_orders.py",
    ),
    Mutant(
        "unpark-forgotten",
        "a delivered record stays in the list of the parked",
        OUTCOMES,
        "await self._ledger.unpark(delivery.claim)",
        "pass",
        "tests/engine/test_parked_list.py",
    ),
    Mutant(
        "unpark-forgotten-when-gone",
        "a record that has vanished stays in the list of the parked",
        OUTCOMES,
        "await self._ledger.unpark(claim)",
        "pass",
        "tests/engine/test_parked_list.py",
    ),
    Mutant(
        "watermark-before-enqueue",
        "a poll says how far it has looked before what it found is stored",
        POLL_RUN,
        "        found += await self._enqueue(page)\n"
        "        mark = self._counted(mark, which, page)\n"
        "        return found, await self._store(mark.read_through(which))",
        "        mark = await self._store(self._counted(mark, which, page).read_through(which))\n"
        "        return found + await self._enqueue(page), mark",
        "tests/engine/test_polling.py",
    ),
    Mutant(
        "sweep-dropped",
        "a poll never looks further back",
        POLLING,
        "(swept is None or now - swept >= SWEEP_EVERY)",
        "False",
        "tests/engine/test_polling.py",
    ),
    Mutant(
        "poll-sees-too-much",
        "a poll leaves alone what was read before the change was committed",
        POLL_RUN,
        "if is_same else SETTLED_AFTER",
        "if is_same else -SETTLED_AFTER",
        "tests/flows/test_customers.py",
    ),
    Mutant(
        "paused-try-deaf",
        "a try that a pause ended goes on with what it has read, whatever was notified since",
        "sync/engine/reading_ahead.py",
        "is_its_own = kept.heard_at == heard_at",
        "is_its_own = kept.heard_at is not None",
        "tests/engine/test_reading_ahead.py",
    ),
    Mutant(
        "poll-trusts-a-second-under-way",
        "a poll leaves alone what was read within the second of its stamp",
        POLL_RUN,
        "SECOND_OVER - self.lag if",
        "-SECOND_OVER - self.lag if",
        "tests/engine/test_polling.py",
    ),
    Mutant(
        "poll-trusts-the-stamp-alone",
        "a poll leaves alone what has another content with the same stamp",
        "sync/commerce/models/rows.py",
        "for name in columns if",
        'for name in {"updated_at"} & {*columns} if',
        "tests/flows/test_orders.py",
    ),
    Mutant(
        "business-event-dropped",
        "what F&O writes into its queue is told to nobody",
        "sync/intake_http/business_events.py",
        "        for name in meant:\n            await self._store",
        "        for name in meant[1:]:\n            await self._store",
        "tests/flows/test_posted_invoices.py tests/worker/test_triggers.py",
    ),
    Mutant(
        "paused-flow-goes-on",
        "a flow that a person has paused is delivered",
        RUNNER,
        "        if pause is not None:\n            due = self._engine.flow_pauses",
        "        if pause is not None and False:\n            due = self._engine.flow_pauses",
        "tests/flows/test_pausing.py",
    ),
    Mutant(
        "paused-flow-polls-on",
        "a flow that a person has paused is polled",
        POLL_RUN,
        "return pause is not None or not await may_begin(systems.paces)",
        "return not await may_begin(systems.paces)",
        "tests/flows/test_pausing.py",
    ),
    Mutant(
        "announcement-dropped",
        "rows are sent to a publication's target and the mirror does not say so",
        PUBLICATION,
        "await mirror.announce(partition, rows)",
        "pass",
        "tests/engine/test_publication.py",
    ),
    Mutant(
        "shown-before-confirmed",
        "rows count as shown before a publication's target has confirmed them",
        "sync/engine/mirror.py",
        "return lambda was: replace(was, sent=mark)",
        "return lambda _: Mirrored(mark)",
        "tests/engine/test_publication.py",
    ),
    Mutant(
        "older-row-published",
        "a run publishes what it read before somebody else published the row",
        PUBLICATION,
        "if now.of(row.key) == chunk.known.of(row.key)]",
        "if row.key]",
        "tests/engine/test_publication.py",
    ),
    Mutant(
        "web-order-counted-twice",
        "what F&O has promised to web orders is not offered to them",
        "sync/mapping/stock.py",
        "return (offered + taken)",
        "return offered",
        "tests/flows/test_stock.py",
    ),
    Mutant(
        "web-order-offered-again",
        "a web order that F&O does not have counts as promised by it",
        "sync/flows/catalogue/taken_orders.py",
        "(taken, order.open) if key in known else",
        "(taken, order.open) if order.open else",
        "tests/flows/test_stock.py",
    ),
    Mutant(
        "sources-moved-unseen",
        "a quantity is not sent again where the shop has changed its source itself",
        "sync/flows/catalogue/stock_rows.py",
        'self._reading.web.moved.get(item.key, "")',
        '""',
        "tests/flows/test_stock.py",
    ),
    Mutant(
        "host-completes-failures",
        "a message whose function failed is taken from the queue",
        PUMP,
        "await held.settle(self._queue.abandon)\n        else:",
        "await held.settle(self._queue.complete)\n        else:",
        "tests/hosts/test_pump.py",
    ),
    Mutant(
        "shipment-not-looked-for",
        "a shipment whose answer was lost is not looked for",
        "sync/flows/fulfilment/shipment_writes.py",
        "return as_found(marked(there, self.wanted.slip))",
        "return as_found(marked([*there][:0], self.wanted.slip))",
        "tests/flows/test_shipments.py",
    ),
    Mutant(
        "shipped-by-hand-forgotten",
        "pieces that were shipped without a slip are shipped again",
        "sync/flows/fulfilment/slip_view.py",
        "left = left_of(rows, _beyond(slip, shipments, rows, factors))",
        "left = rows",
        "tests/flows/test_shipments.py",
    ),
    Mutant(
        "set-shipped-in-part",
        "a bundle is shipped once one of its parts has left",
        "sync/mapping/shipments.py",
        "exact = min(units[number] / per for number, per in self.counted.items())",
        "exact = max(units[number] / per for number, per in self.counted.items())",
        "tests/mapping/test_shipments.py",
    ),
    Mutant(
        "sources-shared-blindly",
        "shipments go side by side whatever their source holds",
        "sync/commerce/sources_in_use.py",
        "return is_free and all(self._free(place) >= qty for place, qty in places.items())",
        "return is_free or not places",
        "tests/commerce/test_sources_in_use.py",
    ),
    Mutant(
        "invoice-not-looked-for",
        "an invoice in the shop whose answer was lost is not looked for",
        "sync/flows/fulfilment/invoice_writes.py",
        "return _found(marked(there, self.wanted.marker))",
        "return _found(marked(there[:0], self.wanted.marker))",
        "tests/flows/test_captures.py",
    ),
    Mutant(
        "checkout-forgotten",
        "what was invoiced at checkout is invoiced again",
        "sync/mapping/captures.py",
        "by_hand = [one for one in live if not one.fno_invoice]",
        "by_hand = live[:0]",
        "tests/flows/test_captures.py",
    ),
    Mutant(
        "echo-booked",
        "an invoice that we made of one of F&O's is a payment there, though nothing moved",
        "sync/mapping/captures.py",
        "if invoice is None or not invoice.made_of or is_captured(order, connection):",
        "if True:",
        "tests/flows/test_captures.py",
    ),
    Mutant(
        "persons-hold-released",
        "a hold of a person is released when F&O goes on",
        "sync/flows/fulfilment/status.py",
        "    is_ours = _is_ours(hold, delivery)",
        "    is_ours = order.state == HELD",
        "tests/flows/test_status.py",
    ),
    Mutant(
        "limit-taken-whole",
        "what an account owes is not taken off its limit",
        "sync/mapping/credit.py",
        "return None if self.limit is None else self.limit - self.used",
        "return self.limit",
        "tests/mapping/test_credit.py",
    ),
    Mutant(
        "credit-rounded-up",
        "credit in another currency is rounded up",
        "sync/core/rates.py",
        "return amount.quantize(CENT, rounding=ROUND_FLOOR)",
        'return amount.quantize(CENT, rounding="ROUND_CEILING")',
        "tests/mapping/test_credit.py",
    ),
    Mutant(
        "own-debt-counted-twice",
        "what the shop's own books say is owed is taken off once more",
        "sync/mapping/company_credit.py",
        "limit = floored(max(available + shown.debt, ZERO))",
        "limit = floored(max(available, ZERO))",
        "tests/flows/test_credit.py",
    ),
    Mutant(
        "group-orders-forgotten",
        "orders of the others in a credit group count only once F&O has them",
        "sync/flows/credit/credit_reading.py",
        "owed(self._members(payer)) if standing.group else ZERO",
        "ZERO",
        "tests/flows/test_credit_worlds.py",
    ),
    Mutant(
        "paid-for-forgotten",
        "what an account owes by itself does not count against the one that pays for it",
        "sync/dynamics/credit_book.py",
        "return sorted({key, *self.paid_for.get(key, ())})",
        "return [key]",
        "tests/flows/test_credit_worlds.py",
    ),
    Mutant(
        "reservation-dropped",
        "an order is let through and nothing of the credit is reserved for it",
        "sync/intake_http/gate.py",
        "await Reservations(self.gate.tables, self.connection).put(reserved.having(one))",
        "_ = reserved.having(one)",
        "tests/intake_http/test_gate.py",
    ),
    Mutant(
        "group-reservation-dropped",
        "what companies of a credit group reserve is unknown to the others",
        "sync/credit/policy.py",
        "left = one.group_left - figures.reserved_in_group",
        "left = one.group_left",
        "tests/intake_http/test_gate.py",
    ),
    Mutant(
        "reserved-for-ever",
        "an order that the figures count is reserved besides",
        "sync/credit/reservations.py",
        "if held.order != order and held.order not in one.counted:",
        "if held.order != order:",
        "tests/intake_http/test_gate.py",
    ),
    Mutant(
        "stale-figures-believed",
        "stale figures decide in place of the policy",
        "sync/credit/policy.py",
        "if now - figures.at > timedelta(minutes=gate.fresh_minutes):",
        "if False:",
        "tests/intake_http/test_gate.py",
    ),
    Mutant(
        "block-ignored",
        "an account on hold may buy on account while something is left",
        "sync/credit/policy.py",
        "    if one.blocked:",
        "    if not one:",
        "tests/intake_http/test_gate.py",
    ),
    Mutant(
        "gate-unsigned",
        "the gate answers anybody who asks",
        "sync/intake_http/gate.py",
        "await verify(body, headers, settings.commerce.webhook, self.secrets)",
        "_ = verify",
        "tests/intake_http/test_gate.py",
    ),
)
