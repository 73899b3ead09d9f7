import sys

import typer
from typer.testing import CliRunner

from sync.cli.demo import register


def lined(module: str) -> typer.Typer:
    app = typer.Typer(add_completion=False)
    register(app, module)
    app.command("other")(lambda: None)
    app.command("another")(lambda: None)
    return app


def test_the_demo_is_imported_when_it_is_run_and_takes_its_own_options() -> None:
    sys.modules.pop("tests.cli.a_demo", None)
    app = lined("tests.cli.a_demo")
    assert "demo" in CliRunner().invoke(app, ["--help"]).output
    assert "tests.cli.a_demo" not in sys.modules
    ran = CliRunner().invoke(app, ["demo", "--orders", "5", "--serve"])
    assert (ran.exit_code, ran.output) == (0, "5 orders, serving: True\n")
    assert "--orders" in CliRunner().invoke(app, ["demo", "--help"]).output
    assert CliRunner().invoke(app, ["demo", "--orders", "101"]).exit_code == 3
    assert CliRunner().invoke(app, ["demo", "--nonsense"]).exit_code == 2


def test_without_the_demo_there_is_no_such_command() -> None:
    for module in ("tests.cli.no_demo", "tests.nowhere.command"):
        assert CliRunner().invoke(lined(module), ["demo"]).exit_code == 2
