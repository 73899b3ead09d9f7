"""Broken files, each one change away from a sound one. `#!` marks the line that the fault must
name."""

import pytest

from sync.config.file.reading import BadConfiguration, connections_from

SOUND = """\
[connections.main]
flows = ["orders", "customers"]

[connections.main.commerce]
url = "https://shop.example"
consumer_key = "ck"
consumer_secret = "cs"
token = "t"
token_secret = "ts"

[connections.main.dynamics]
url = "https://erp.operations.dynamics.com"
company = "usmf"
tenant = "contoso.example"
client_id = "app"
client_secret = "erp"

[connections.main.stores.1]
site = "1"

[connections.main.orders]
numbers = "theirs"
"""

SHOP = 'url = "https://shop.example"'
NUMBERS = 'numbers = "theirs"'
COMPANY = 'company = "usmf"'
TOKEN = 'token = "t"'
FLOWS = 'flows = ["orders", "customers"]'
IN_COMMERCE = "[connections.main.commerce]"
IN_DYNAMICS = "[connections.main.dynamics]"
IN_STORE = "[connections.main.stores.1]"
CUSTOMERS = "[connections.main.customers]\n"
B2B = "[connections.main.companies]\n"

KIND = [
    (SHOP, 'urll = "https://shop.example" #!', 'Did you mean "url"?'),
    (
        '[connections.main.commerce]\nurl = "https://shop.example"',
        "[connections.main.commerce] #!",
        '"url" is missing',
    ),
    (
        "[connections.main]",
        "page_size = 5 #!\n[connections.main]",
        '"page_size" is not a name known here',
    ),
    (FLOWS, "page_size = 5 #!", "It belongs into [connections.main.commerce]"),
    ("[connections.main.orders]", "[connections.main.order] #!", 'Did you mean "orders"?'),
    (NUMBERS, 'numbers = "their" #!', 'Did you mean "theirs"?'),
    (NUMBERS, "numbers = 7 #!", '7 is not known here. Write one of "ours", "theirs"'),
    (COMPANY, 'company = "us mf" #!', "not a legal entity's id"),
    (COMPANY, "company = 5 #!", "a whole number stands here. Write text in double quotes"),
    (COMPANY, "company = 2026-01-01 #!", "a date or time stands here"),
    (COMPANY, COMPANY + "\nconcurrency = 52 #!", "52 is out of range. Write 51 or less"),
    (COMPANY, COMPANY + "\nconcurrency = 0 #!", "0 is out of range. Write 1 or more"),
    (
        COMPANY,
        COMPANY + "\nconcurrency_in_all = 0 #!",
        "0 is out of range. Write 1 or more",
    ),
    (COMPANY, COMPANY + '\nconcurrency = "8" #!', "Write a whole number, without quotes"),
    (
        COMPANY,
        COMPANY + "\nconcurrency = true #!",
        "true or false stands here. Write a whole number",
    ),
    ('site = "1"', 'prices_include_tax = "yes" #!', "Write true or false, in small letters"),
    ('site = "1"', 'colour = "red" #!', "Known here: company, site, warehouse"),
    (FLOWS, 'flows = "orders" #!', "text stands here. Write a list"),
    (FLOWS, 'flows = [\n"orders",\n"custmers", #!\n]', 'Did you mean "customers"?'),
    (FLOWS, 'flows = ["orders", "orders"] #!', '"orders" is named twice'),
    (IN_STORE, "[connections.main] #!", "this table is written twice"),
    (IN_STORE, "[connections]\nmain.stores = 5 #!", "written twice"),
    (IN_STORE, "[connections.main.stores.main] #!", 'neither "default" nor the id of a store view'),
    (IN_STORE, "[connections.main.stores.0] #!", 'neither "default" nor the id'),
    (IN_STORE, '[connections."Ü b".stores.1] #!', "this cannot name a connection"),
    (
        NUMBERS,
        "rounding_most = 0.05 #!",
        "a number with a fraction stands here. Put an amount in quotes",
    ),
    (NUMBERS, "rounding_most = nan #!", "a number with a fraction"),
    (NUMBERS, "rounding_most = 1e99999999999999999999 #!", "a number with a fraction"),
    (NUMBERS, 'rounding_most = "0,05" #!', "Write an amount as text with a point"),
    (NUMBERS, 'rounding_most = "Infinity" #!', "Write an amount as text with a point"),
    (NUMBERS, "rounding_most = true #!", "true or false stands here. Write an amount"),
    (
        COMPANY,
        COMPANY + '\ntime_zone = "Berlin" #!',
        "Write a name of the IANA time zone database, as in",
    ),
    (COMPANY, COMPANY + '\ntime_zone = "../../etc" #!', "a name of the IANA time zone database"),
    (
        COMPANY,
        COMPANY + '\ntime_zones = { usmf = "Europe" } #!',
        "a name of the IANA time zone database",
    ),
    (COMPANY, COMPANY + '\nrounding = { EUR = "0.01", eur = "1" } #!', "not a currency's code"),
]

RULES = [
    (NUMBERS, 'taxes."A+B" = {}\ntaxes."B + A" = {} #!', "", 'joins the same tax codes as "A+B"'),
    (TOKEN, TOKEN + '\nevents = { client_idd = "x" } #!', "", 'Did you mean "client_id"?'),
    (
        IN_COMMERCE,
        '[connections.main.commerce]\nedition = "saas"',
        IN_COMMERCE,
        '"organisation" is missing; edition "saas"',
    ),
    (TOKEN, "", IN_COMMERCE, 'Write token = "…", the name of the secret in the vault'),
    (
        'client_secret = "erp"',
        "",
        IN_DYNAMICS,
        '"client_secret" is missing; auth "secret" needs it',
    ),
    (
        'client_id = "app"',
        'auth = "certificate"',
        IN_DYNAMICS,
        '"certificate" is missing; auth "certificate" needs it',
    ),
    (
        'client_id = "app"',
        'client_id = "app"\nauth = "bearer" #!\nbearer = "b"',
        "",
        "a host that is not this machine",
    ),
    ('tenant = "contoso.example"', 'tenant = "common" #!', "", "stands for any tenant"),
    (
        COMPANY,
        COMPANY + '\ntime_zones = { demf = "Europe/Berlin" } #!',
        "",
        "no store posts into that legal entity",
    ),
    (SHOP, 'url = "http://shop.example" #!', "", "http is not safe for shop.example"),
    (SHOP, 'url = "http://127.0.0.1.evil.example" #!', "", "http is not safe"),
    (FLOWS, "customers = 1 #!", "", "a whole number stands here. Write a table"),
    (SHOP, 'url = "shop.example" #!', "", "not a URL with a host"),
    (SHOP, f'{SHOP}\nadmin_url = "https://ann:pw@shop.example/admin" #!', "", "a password"),
    (SHOP, f'{SHOP}\nadmin_url = "https://shop.example/admin?key=1" #!', "", "after ?"),
    (SHOP, 'url = "ftp://shop.example" #!', "", "not a URL with a host"),
    (SHOP, 'url = "https://[::1" #!', "", "not a URL with a host"),
    (SHOP, 'url = "https://shop.example:99999" #!', "", "not a URL with a host"),
    (SHOP, 'url = "https://shop.example/rest/V1/" #!', "", "the URL goes on to /rest"),
    (SHOP, 'url = "https://me:hunter2@shop.example" #!', "", "holds a user name or a password"),
    (SHOP, 'url = "https://shop.example?code=1" #!', "", "a part after ? or #"),
    (
        "operations.dynamics.com",
        "operations.dynamics.com/data",
        'url = "https://erp',
        "has a path after the host",
    ),
    (NUMBERS, 'number_template = "{store_id}" #!', "", "no {increment_id}"),
    (
        NUMBERS,
        'reference_template = "{increment}" #!',
        "",
        "Known: {increment_id}, {store_id}, {entity_id}",
    ),
    (NUMBERS, 'reference_template = "{increment_id:d}" #!', "", "is not known here"),
    (NUMBERS, 'reference_template = "{increment_id" #!', "", "a brace without its partner"),
    (
        NUMBERS,
        'numbers = "ours"\nnumber_template = "WEBSHOP-DE-{store_id}-{increment_id}" #!',
        "",
        "22 characters",
    ),
    (NUMBERS, "poll_minutes = 0 #!", "", "1"),
    *(
        (NUMBERS, f"placed_from = {text} #!", "", "a date, a time and an offset, as in 2026-")
        for text in ("5", '"soon"', "2026-11-21", "2026-11-21T06:00:00")
    ),
    (NUMBERS, 'rounding_most = "-0.01" #!', "", "less than nothing"),
    (NUMBERS, 'hold_statuses = ["Fraud"] #!', "", "no status code of Commerce"),
    (
        NUMBERS,
        (
            'numbers = "theirs"\n[connections.main.invoices]\nbanks = { checkmo = "B" }\non_account'
            ' = ["checkmo"] #!'
        ),
        "",
        '"checkmo" moves no money by on_account, and "banks" names a bank account for it',
    ),
    (
        NUMBERS,
        'numbers = "theirs"\n[connections.main.invoices]\non_account = ["*"] #!',
        "",
        '"*" moves no money',
    ),
    (NUMBERS, 'segments.fee = { item = "A", payment = "B" } #!', "", "both item and payment"),
    (NUMBERS, 'segments.fee = { field = "a.b" } #!', "", "neither item nor payment"),
    (NUMBERS, CUSTOMERS + 'guests = "collective"', IN_STORE, "this store has no guest_account"),
    (NUMBERS, CUSTOMERS + 'poll_minutes = "hourly" #!', "", ""),
    (NUMBERS, CUSTOMERS + 'number_template = "C" #!', "", "no {customer_id}"),
    (NUMBERS, CUSTOMERS + 'guest_number_template = "G" #!', "", "no {digest}"),
    (NUMBERS, CUSTOMERS + 'match = ["email", "email"] #!', "", "named twice"),
    (
        NUMBERS,
        CUSTOMERS + 'match = ["customer_number"]\ncustomer_number_attribute = "" #!',
        "",
        "is empty",
    ),
    (NUMBERS, B2B + 'number_template = "B" #!', "", "no {company_id}"),
    (NUMBERS, B2B + 'number_template = "B{customer_id}" #!', "", "Known: {company_id}"),
    (NUMBERS, B2B + 'match = ["vat", "vat"] #!', "", "named twice"),
    (
        NUMBERS,
        B2B + 'sales_representatives = { Ann = "1" } #!',
        "",
        '"Ann" is neither the id of an admin user',
    ),
    (
        FLOWS,
        FLOWS.replace("]", ', "companies"]'),
        "[connections.main]",
        "no currency is written for their accounts",
    ),
    (
        COMPANY,
        COMPANY + '\norder_headers = "SalesOrderHeadersV2" #!',
        "",
        'Write order_lines = "SalesOrderLines"',
    ),
    (
        COMPANY,
        COMPANY + '\norder_lines = "SalesOrderLines" #!',
        "",
        'Write order_lines = "SalesOrderLinesV3"',
    ),
    (COMPANY, COMPANY + '\nrounding.EUR = "0" #!', "", "the rounding unit of EUR is 0"),
    (
        TOKEN,
        TOKEN + '\nwebhook = { keys = ["a", "b", "c"] } #!',
        "",
        "there are 3 entries. Write 2 at most",
    ),
    (TOKEN, TOKEN + '\nwebhook = { keys = ["a", "a"] } #!', "", "the same key is named twice"),
    (
        TOKEN,
        TOKEN + '\nevents = { client_id = "" } #!',
        "",
        '"client_id" is missing; Adobe I/O Events',
    ),
]


def _faults(text: str) -> list[tuple[int, str]]:
    with pytest.raises(BadConfiguration) as caught:
        connections_from(text)
    return [(fault.line, str(fault)) for fault in caught.value.faults]


def _line(text: str, mark: str) -> int:
    return text[: text.index(mark)].count("\n") + 1


@pytest.mark.parametrize(("old", "new", "fragment"), KIND)
def test_a_wrong_name_or_value_is_told_on_its_line(old: str, new: str, fragment: str) -> None:
    text = SOUND.replace(old, new, 1)
    assert any(
        line == _line(text, "#!") and fragment in reported for line, reported in _faults(text)
    ), _faults(text)


@pytest.mark.parametrize(("old", "new", "mark", "fragment"), RULES)
def test_what_does_not_go_together_is_told_on_its_line(
    old: str, new: str, mark: str, fragment: str
) -> None:
    text = SOUND.replace(old, new, 1)
    faults = _faults(text)
    (reported,) = [(line, reported) for line, reported in faults if fragment in reported] or [
        (0, str(faults))
    ]
    assert reported[0] == _line(text, mark or "#!"), faults


SYNTAX = [
    ("", 1, "there is nothing in the file"),
    ("# only a comment\n", 1, "there is nothing in the file"),
    ("connections = {}\n", 1, "there is no connection"),
    ("\nconnections = 5\n", 2, "a whole number stands here. Write a table"),
    ("[connections]\nmain = 5\n", 2, "a whole number stands here. Write a table"),
    ("[connection.main]\n", 1, 'Did you mean "connections"?'),
    ("[connections.main]\n", 1, "Add the table [connections.main.commerce]"),
    ("[connections.main\n", 1, "a header that does not end"),
    ("[a]\nb = \n", 2, "a value that cannot be read"),
    ("[a]\n\nb = yes\n", 3, "a value that cannot be read"),
    ("[a]\nb = 'x\nc = 1\n", 2, "text that does not end"),
    ('[a]\nb = "x\nc = 1\n', 2, "text that does not end"),
    ('a = """x\ny\n\n', 1, "text that does not end"),
    ("a = '''it's\n\nb\n", 1, "text that does not end"),
    ('a = """\nb = "x"\nc = ""\n', 1, "text that does not end"),
    ('a = "x"y"', 1, "something after the value"),
    ("a = 1\na = 2", 2, "written twice"),
    ("[connections.main]\nstores = 5\n", 2, "a whole number stands here. Write a table"),
    ("a = 1\na = 2\nb = 3\n", 2, "written twice"),
    ("a = 1\n[b]\n[b]\n", 3, "this table is written twice"),
    ("a\n", 1, "a name without a value"),
    ("a = 1 b = 2\n", 1, "something after the value"),
    ('a = "C:\\keys"\n', 1, "a backslash inside double quotes"),
    ("a = [1,\n2\nb = 3\n", 3, "a list that does not end"),
    ("a = { b = 1\nc = 2 }\n", 1, "a table in braces that does not end"),
    ("a = 1\n= 2\n", 2, "neither a [table] nor a name = value"),
    (f"a = {'[' * 5000}", 0, "nested too deeply"),
    (f"a = {'9' * 5000}", 0, "thousands of digits"),
]


@pytest.mark.parametrize(("text", "line", "fragment"), SYNTAX)
def test_text_that_is_no_configuration_is_told_where_it_stops_being_one(
    text: str, line: int, fragment: str
) -> None:
    assert any(at == line and fragment in reported for at, reported in _faults(text)), _faults(text)


def test_the_sound_file_is_sound() -> None:
    assert list(connections_from(SOUND).connections) == ["main"]


ALIKE = """\
[connections.main.customers]
numbers = "ours"
number_template = "W{customer_id}"
currency = "EUR"

[connections.main.companies]
number_template = "W{company_id}" #!
"""


def test_companies_numbered_like_customers_are_told_where_both_are_numbered_by_us() -> None:
    flowing = SOUND.replace(FLOWS, FLOWS.replace("]", ', "companies"]')) + ALIKE
    (reported,) = [reported for line, reported in _faults(flowing) if line == _line(flowing, "#!")]
    assert "customer 7 and company 7 would share an account" in reported
    assert connections_from(flowing.replace('numbers = "ours"', 'numbers = "theirs"'))
    assert connections_from(SOUND + ALIKE), "without the flow nobody is numbered so"


def test_companies_of_two_shops_are_not_numbered_alike_in_one_legal_entity() -> None:
    ours = (
        SOUND.replace(FLOWS, 'flows = ["companies"]')
        + '[connections.main.customers]\nnumbers = "ours"\nnumber_template ='
        ' "A{customer_id}"\ncurrency = "EUR"\n'
    )
    other = ours.replace("connections.main", "connections.other").replace(
        "shop.example", "shop2.example"
    )
    other = other.replace('"A{customer_id}"', '"B{customer_id}"').replace(
        'numbers = "theirs"', 'numbers = "theirs"\nreference_template = "X{increment_id}"'
    )
    alone = other + '[connections.other.companies]\nnumber_template = "Y{company_id}"\n'
    assert connections_from(ours + alone)
    alike = other + '[connections.other.companies]\nnumber_template = "B{company_id}" #!\n'
    alike = alike.replace('"B{customer_id}"', '"C{customer_id}"')
    (reported,) = _faults(ours + alike)
    assert reported[0] == _line(ours + alike, "#!")
    assert 'connection "main" has the same number_template' in reported[1]
