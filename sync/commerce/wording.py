"""The words that messages of Commerce and of Adobe's sign-in are made of: what may be shown of them
(`core/shown.py`), as nobody is named by these words.

Messages are templates with parameters, and extensions write their own; a parameter, or the text
itself, may quote a shopper. Sources: messages recorded from a live 2.4.8 in November 2026, the
templates of 2.4.6 to 2.4.8 in the modules that REST reaches, RFC 6749 for the codes of a sign-in.
"""

from typing import Final

from sync.core.plain_words import GENERAL
from sync.core.wording import Wording

_GENERAL: Final = """
administrator aren't associated attempt attempted authentication authorization authorize
authorized available became belongs bulk can't characters client comment configured constraint
consumer consumers correctly couldn't data deactivate default describe didn't digits doesn't don't
duplicate duplicated dynamic exceptions expired fields follow forbidden generated grant hasn't
have haven't header headers help hold holded how input inputs instance int integer integration
integrity isn't itself key lacks later length let lower maintenance match media middleware minute
minutes misconfigured money most nonce oauth object only operation operations orders page pages
permanent permanently please queue re-enter rejected reload repeat reset rest resubmit retry route
routes save saved saving scope scopes seconds secret session sign-in signature specified string
sure syntax taken takes technical temporary text token tokens unauthorised unauthorized
unavailable under understand unsupported until uses value's verify version wasn't we weren't while
won't wrong
"""
_TERMS: Final = """
access account action admin adobe amount api array asynchronous attribute attributes backend
bundle cart catalog checkout code codes commerce company configurable configuration content
content-type cookie coupon credit credit-memo creditmemo criteria currency customer customers data
database delivery discount document documents downloadable email entities entity error errors
exception extension fastly field fields filter format gateway get gift group groups http id ids
ims input internal inventory invoice invoices item items json level limit link list log magento
many memo method model module name number offline online option options order ordered orders
organization parameter parameters password payment payments post price prices product products put
qty quantities quantity quote rate record records refund refunded refunds region registry report
request requests resource resources returned returns role row rows rule sale sales search section
server service services shipment shipments shipping shop sku skus sort source sources stage state
status stock store stores subtotal suite system table tax taxes time total totals transaction
transactions type types uri url user users uuid validation value values view virtual visibility
warehouse web webapi webhook website websites xml zone
"""
_PERSONAL: Final = """
address addresses alias birth birthday city company contact contacts country county date dob
e-mail email fax first firstname gender last lastname legal middle middlename mobile name names
nickname password person phone postal postcode prefix registration salutation street suffix
surname taxvat telephone title username vat zip
"""
_STARTS: Final = """
a an another any bad cannot check correct could creating duplicate enter error errors failed for
forbidden from if in input internal invalid it more no not nothing one only please provide request
requested requests reset server service set some something specified temporarily that the there
this to too unable unauthorised unauthorized unknown update verify we when you your
"""
_PARTS: Final = """
acl api async attr backorders base billing bulk capture category children client code comment conf
consumer created cust customer dec dir eav element entity ext external filters grand hidden
increment int integer invalid key list magento msrp num oauth page params parent per pos product
purchased qty reserved rest rule sales scope select shipping simple size sort special sql sqlstate
start str swatch sync tier unsupported updated url uuid
"""
_ANNOUNCES: Final = """
code customer entity error http id ids invoice item max maximum memo number order orders page
pagesize product qty quantity record report row shipment sku skus status store transaction uuid
version website
"""
_OURS: Final = """
attribute attributes column entity field filter label method parameter property section source
table the type value
"""
SURNAMES: Final = frozenset(["bundle", "field", "fields", "group", "link", "market", "order",
    "page", "price", "prices", "rate", "sales", "shipping", "stage", "stock", "store", "stores",
    "street", "view"])  # fmt: skip
"""Terms and labels that people and places are called, too."""

PERSONAL: Final = frozenset(_PERSONAL.split())
TERMS: Final = frozenset(_TERMS.split())
_SMALL: Final = GENERAL | frozenset(_GENERAL.split()) | TERMS | frozenset(_STARTS.split())

WORDING: Final = Wording(
    small=_SMALL,
    anyhow=(TERMS | PERSONAL) - SURNAMES,
    personal=PERSONAL,
    parts=_SMALL | PERSONAL | frozenset(_PARTS.split()),
    announces=frozenset(_ANNOUNCES.split()),
    ours=frozenset(_OURS.split()),
    quotes_labels=True,
)
