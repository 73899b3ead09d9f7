"""What connections.toml says of each merchant of the demo."""

from typing import Final

SECTION: Final = """\
[connections.{name}]
flows = {flows}
[connections.{name}.commerce]
url = "{commerce}"
consumer_key = "{name}-consumer-key"
consumer_secret = "{name}-consumer-secret"
token = "{name}-token"
token_secret = "{name}-token-secret"
concurrency = 8
[connections.{name}.commerce.webhook]
keys = ["{name}-webhook-key"]
[connections.{name}.dynamics]
url = "{dynamics}"
company = "{company}"
{sign_in}
concurrency = 16
{timing}
[connections.{name}.dataverse]
url = "{dynamics}"
{timing}
[connections.{name}.cases]
customers = {{ "*" = "{service_account}" }}
poll_minutes = 60
[connections.{name}.cases.steps]
2 = {{ comment = "Case {{case}} waits for the goods.", visible = true }}
5 = {{ comment = "Case {{case}} is solved." }}
[connections.{name}.order_issues]
patterns = {{ damaged = "damaged|broken" }}
[connections.{name}.write_back]
to = "{write_back}"
[connections.{name}.tracking]
keys = ["{name}-carrier-key"]
[connections.{name}.tracking.texts]
in_transit = "Your parcel is on its way"
delivered = "Your parcel was delivered"
[connections.{name}.stores.default]
site = "1"
warehouse = "13"
origin = "WEB"
[connections.{name}.stores.2]
prices_include_tax = true
[connections.{name}.orders]
numbers = "{numbers}"
adjustment_refund_item = "FEE"
adjustment_fee_item = "FEE"
[connections.{name}.orders.segments]
gift_wrapping = {{ item = "FEE" }}
payment_fee.item = "FEE"
payment_fee.field = "extension_attributes.payment_fee"
payment_fee.tax_field = "extension_attributes.payment_fee_tax"
[connections.{name}.customers]
numbers = "{numbers}"
group = "10"
currency = "USD"
[connections.{name}.items]
unit = "{unit}"
[connections.{name}.invoices]
recipe = "{invoices}"
reference_template = "{{store_id}}-INV-{{increment_id}}"
revenue_account = "401000"
accounts.shipping = "401100"
accounts.gift_cards = "250100"
accounts.customer_balance = "250200"
accounts.reward_points = "250200"
banks = {{ "*" = "USMF OPER" }}
on_account = []
[connections.{name}.stock]
sources = {{ 13 = "default" }}
decimals = 2
poll_minutes = 60
[connections.{name}.products]
fields = ["name", "weight", "status"]
create = true
configurables = true
dimensions = {{ color = "color", size = "size" }}
options = "create"
most_changed_percent = 100
views = {{ de = {{ language = "de" }} }}
category_hierarchy = "Web"
shared_catalogs = {{ "{public}" = ["*"], "{wholesale}" = ["{record}"] }}
poll_minutes = 60
[connections.{name}.prices]
currency = "USD"
groups = {{ RETAIL = "Retailer" }}
website = 1
store_view = 1
poll_minutes = 60
[connections.{name}.shipments]
poll_minutes = 60
substitutes = true
carriers = {{ DHL = {{ code = "dhl", title = "DHL Express" }} }}
[connections.{name}.status]
steps.confirmed.comment = "It ships on {{date}}."
poll_minutes = 60
[connections.{name}.cancellations]
poll_minutes = 60
refunds = {{ checkmo = "record" }}
[connections.{name}.returns]
poll_minutes = 60
authorise = "rule"
reasons = {{ "*" = "WEB" }}
methods = {{ braintree = "online", paypal_express = "online" }}
[connections.{name}.mails]
server = "127.0.0.1"
port = {mail_port}
security = "none"
sender = "no-reply@{name}.example"
returns = ["authorized", "processed_closed"]
languages = {{ 2 = "de" }}
poll_minutes = 60
[connections.{name}.captures]
methods = {{ "*" = "at_invoice" }}
credits = {{ checkmo = "record" }}
[connections.{name}.accounts]
groups = ["20"]
create = true
users = true
addresses = "both"
poll_minutes = 60
[connections.{name}.quotes]
{quotes}
poll_minutes = 60
[connections.{name}.tasks]
consent = "contract"
guest_consent = "may_call"
owners = {{ "*" = "{seller}" }}
cap_per_day = {cap}
staff_domains = ["staff.example"]
leads = true
poll_minutes = 60
[connections.{name}.tasks.rules]
repeat = {{}}
overdue = {{}}
decline = {{}}
cart = {{ owner = "{carts_seller}", cool_down_days = 30 }}
[connections.{name}.credit]
currency = "USD"
rates = {{ EUR = "1" }}
tolerance = 0
poll_minutes = 60
[connections.{name}.creditmemos]
recipe = "{creditmemos}"
reference_template = "{{store_id}}-CM-{{increment_id}}"
reason = "WEB"

"""
"""What two merchants agreed on with their accountants. Items are mapped by table alone: an unknown
SKU parks."""
