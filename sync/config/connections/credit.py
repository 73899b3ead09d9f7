"""How an account's credit in F&O becomes company credit in Commerce, and how a checkout asks for
it."""

from decimal import Decimal
from typing import Final, Literal

from pydantic import Field

from sync.config.connections.section import Amount, CurrencyOrNone, Section, Whole, YesNo

TEXTS: Final = {
    "en": "This order cannot be placed on account. Please choose another way to pay, or contact"
    " us.",
    "de": "Diese Bestellung kann nicht auf Rechnung aufgegeben werden. Bitte wählen Sie eine andere"
    " Zahlungsart, oder sprechen Sie uns an.",
    "fr": "Cette commande ne peut pas être passée à crédit. Veuillez choisir un autre mode de"
    " paiement ou nous contacter.",
    "es": "Este pedido no se puede realizar a crédito. Elija otra forma de pago o póngase en"
    " contacto con nosotros.",
    "it": "Questo ordine non può essere effettuato a credito. Scelga un altro metodo di pagamento o"
    " ci contatti.",
    "nl": "Deze bestelling kan niet op rekening worden geplaatst. Kies een andere betaalwijze of"
    " neem contact met ons op.",
}
"""What a buyer reads where an order is refused, by language; English where there is none."""


class Gate(Section):
    """What the checkout is told. A gate that is off answers that everything is allowed."""

    enabled: YesNo = False
    fresh_minutes: Whole = Field(default=15, ge=1, le=1440)
    """Older figures are stale."""
    stale: Literal["allow", "allow-below", "refuse"] = "allow-below"
    """What stale figures, or none, decide; `allow-below`: what costs less than `stale_below`."""
    stale_below: Amount = Field(default=Decimal(500), ge=0)
    """In the currency of the credit."""
    unknown: Literal["allow", "refuse"] = "refuse"
    """Whether a customer may buy on account of whom no account is known."""
    guests: Literal["allow", "refuse"] = "refuse"
    reserve_minutes: Whole = Field(default=30, ge=1, le=1440)
    """So long an order that was let through counts before Commerce shows it."""
    keep_days: Whole = Field(default=30, ge=1, le=400)
    """So long decisions are kept."""
    required: YesNo = False
    """Whether the hook of orders is registered as a required one. Adobe documents for those alone
    that a refusal stops the order; but where a required hook gets no answer, nobody can order on
    account. `check` tells of orders that were placed though they were refused."""
    names_company: YesNo = False
    """Whether the hooks are to say for which company somebody buys: no document says that the shop
    fills these fields. Without them, or where they are empty, the buyer's company is known from the
    last run over customers."""
    languages: dict[str, str] = {}
    """Store view -> its language (`de`); `*` for all others. English where none is named."""
    texts: dict[str, str] = {}
    """What a buyer reads where an order is refused, by language, in place of ours; `*` for all
    others."""
    bearer: str = ""
    """The client of Adobe's Developer Console whose token Commerce must bring besides its
    signature; empty where it need not."""

    @property
    def policy(self) -> str:
        """What stale figures decide, for people."""
        below = {"allow-below": f"what costs less than {self.stale_below} may be bought"}
        words = {"allow": "everything may be bought", "refuse": "nothing may be bought", **below}
        return f"{words[self.stale]} on account"

    def text_for(self, store_id: str) -> str:
        """What a buyer in a store view reads."""
        language = self.languages.get(store_id, self.languages.get("*", "en"))
        known = (self.texts.get(language), self.texts.get("*"), TEXTS.get(language[:2]))
        return next((text for text in known if text), TEXTS["en"])


class Credit(Section):
    """How the legal entity checks credit, and what of it the shop shows.

    What no entity of F&O tells is written here; the defaults give less credit, except
    `order_tax_percent`, which nobody can guess: `check` asks for it.
    """

    currency: CurrencyOrNone = ""
    """The accounting currency of the legal entity."""
    limit_currency: Literal["accounting", "customer"] = "accounting"
    """In which currency `CreditLimit` is entered: that of the books, or the customer's own."""
    rates: dict[str, Amount] = {}
    """What one unit of `currency` is in another currency."""
    check: Literal["parameter", "Balance", "BalanceDelivered", "BalanceAll", "None"] = "parameter"
    """What counts against a limit; `parameter`: what F&O's accounts receivable parameters say."""
    credit_management: YesNo = True
    """Whether Credit management is on: then a limit of zero is no credit, else it is no limit."""
    balances: Literal["open-items", "snapshot"] = "open-items"
    """Where the balance comes from: open transactions, or the last aging snapshot."""
    orders: Literal["lines", "order-lines", "snapshot"] = "lines"
    """Where open orders come from: `lines`, what remains of each line (`SalesLineBiEntities`);
    `order-lines`, whole lines until they are invoiced; or the last aging snapshot."""
    left_out: tuple[Literal["temporary", "groups", "statuses", "holds"], ...] = ()
    """What F&O is not asked for, because it refuses these sets or does not use them."""
    order_tax_percent: Amount = Field(default=Decimal(0), ge=0, le=100)
    """Tax that is added to open orders, whose lines have none. While it is 0 their tax takes no
    credit before they are invoiced."""
    overlapping: Literal["lowest", "highest"] = "lowest"
    """Which of several temporary limits of a day counts."""
    expired: Literal["none", "keep"] = "none"
    """What a limit is after its expiry date, under Credit management."""
    excluded: Literal["limit", "unlimited"] = "limit"
    """What an account has that is excluded from Credit management."""
    overdue: Literal["show", "block"] = "show"
    """Whether overdue invoices stop purchases on account."""
    overdue_days: Whole = Field(default=0, ge=0, le=365)
    """Days of grace after the due date."""
    overdue_amount: Amount = Field(default=Decimal(0), ge=0)
    """More than this must be overdue."""
    disputed: Literal["counts", "excused"] = "counts"
    """Whether a disputed invoice can be overdue."""
    holds: Literal["show", "block"] = "show"
    """Whether a sales order on credit hold stops the account's further purchases."""
    companies: dict[str, CurrencyOrNone] = {}
    """Accounting currency of the other legal entities in which customer credit groups have
    members."""
    tolerance: Amount = Field(default=Decimal(1), ge=0)
    """A limit in Commerce that is off by no more than this stays as it is."""
    methods: tuple[str, ...] = ()
    """All ways to pay that the shop gives companies. Where they are named, those on account are
    taken from a company that may not use them, and given back."""
    on_account: tuple[str, ...] = ("companycredit",)
    """Those on account: they are withheld, and a checkout asks about them."""
    most_changed_percent: Whole = Field(default=30, ge=1, le=100)
    """A run that would change more of the companies shown waits for `approve`."""
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)
    gate: Gate = Gate()
