"""`init --ask` against both systems behind real sockets: from nothing to a configuration whose
orders would be delivered."""

import tomllib

from sandbox.commerce.oauth import Consumer
from tests.cli.running import ROOT, Line, Systems

CONSUMER = Consumer.named("sandbox")
SAID = ("Commerce:", "F&O:", "connections.toml:")
KEYS = (CONSUMER.key, CONSUMER.secret, CONSUMER.token, CONSUMER.token_secret)


def transcript() -> list[str]:
    """What the page shows that the product says: questions without their answers, and lines."""
    text = (ROOT / "docs" / "connecting.md").read_text()
    shown = text.partition("## In ten minutes")[2].split("```")[1].strip().splitlines()
    entra = ("Tenant", "Client id", "Client secret")  # this F&O is on this machine: a token
    lines = [line for line in shown if line != "..." and not line.startswith(entra)]
    asked = [line.split(": ")[0] if not line.startswith(("ok ", *SAID)) else line for line in lines]
    return [line.removesuffix(":") for line in asked]


def answers(systems: Systems, *more: str) -> str:
    said = ("Shop", "shop", systems.commerce, *KEYS, systems.dynamics, "sandbox", *more)
    return "\n".join(said) + "\n"


def test_from_nothing_to_a_configuration_that_delivers(line: Line, systems: Systems) -> None:
    ran = line("init", "--ask", stdin=answers(systems, "usmf", "99", "13", "10"))
    written = (line.folder / "connections.toml").read_text()
    shop = tomllib.loads(written)["connections"]["shop"]
    assert "Use small letters" in ran.out
    assert 'There is no "99".' in ran.out
    assert shop["dynamics"]["company"] == "usmf"
    assert shop["stores"]["default"]["warehouse"] == "13"
    assert shop["stores"]["default"]["site"] == "1"
    assert set(shop["stores"]) == {"default", "1", "2"}
    assert shop["customers"]["currency"] == "USD"
    assert shop["customers"]["group"] == "10"
    assert "tried 3 orders of the last 90 days" in ran.out
    assert [line for line in transcript() if line not in f"{ran.out}{ran.err}"] == []
    assert not any(secret in written for secret in (*KEYS, "sandbox"))
    assert set(line.vault().names()) >= {"shop-consumer-key", "shop-bearer"}


def test_every_code_that_a_person_must_choose_is_asked_for(line: Line, systems: Systems) -> None:
    rows = ("CA", "99", "10", "", "", "", "", "")
    said = ("WEB", "ea", "", "", "ROUND", "", "WEB", "", "", "", "USMF OPER", "USMF OPER", "13")
    flows = ("invoices, credit", "invoices creditmemos stock shipments posted_invoices")
    ran = line("init", "--ask", stdin=answers(systems, "usmf", "13", "10", *flows, *rows, *said))
    shop = tomllib.loads((line.folder / "connections.toml").read_text())["connections"]["shop"]
    assert "credit: not set up here" in ran.out
    assert shop["flows"] == [
        "orders", "customers", "invoices", "creditmemos", "stock", "shipments", "posted_invoices",
    ]  # fmt: skip
    assert shop["orders"]["deliveries"]["ups_03"] == "10"
    assert shop["orders"]["taxes"]["US-CA-*-8.25"] == {"group": "CA"}
    assert shop["orders"]["rounding_item"] == "ROUND"
    assert (shop["items"]["unit"], shop["stores"]["default"]["origin"]) == ("ea", "WEB")
    assert shop["creditmemos"] == {"reason": "WEB"}
    assert set(shop["invoices"]["banks"].values()) == {"USMF OPER"}
    assert shop["stock"]["sources"] == {"13": "default"}


def test_a_flow_for_which_too_little_was_said_is_left_out(line: Line, systems: Systems) -> None:
    ran = line("init", "--ask", stdin=answers(systems, "usmf", "13", "10", "stock posted_invoices"))
    shop = tomllib.loads((line.folder / "connections.toml").read_text())["connections"]["shop"]
    assert "stock is left out: the flow" in ran.out
    assert shop["flows"] == ["orders", "customers", "posted_invoices"]


def test_what_is_there_is_left_alone(line: Line) -> None:
    (line.folder / "connections.toml").write_text("mine")
    ran = line("init", "--ask", stdin="")
    assert (ran.status, "is there already" in ran.err) == (2, True)
    assert (line.folder / "connections.toml").read_text() == "mine"


def test_credentials_that_are_refused_write_nothing(line: Line, systems: Systems) -> None:
    said = answers(systems, "usmf", "13", "10").replace(CONSUMER.token_secret, "wrong")
    ran = line("init", "--ask", stdin=said)
    assert ran.status == 2
    assert "401" in ran.err or "signature" in ran.err
    assert not (line.folder / "connections.toml").exists()
