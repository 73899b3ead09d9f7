"""`python -m sandbox`: the commands of the sandbox, which the product does not have."""

import pytest
from typer.testing import CliRunner

from sandbox import __main__ as sandbox
from sync.cli.main import app


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["--help"]])
def test_without_a_command_both_are_explained(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["sandbox", *arguments])
    with pytest.raises(SystemExit) as caught:
        sandbox.main()
    assert caught.value.code == 2
    assert "sandbox demo" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "option"), [("demo", "--orders"), ("serve", "--ports")])
def test_a_command_explains_its_options(
    command: str, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["sandbox", command, "--help"])
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    with pytest.raises(SystemExit) as caught:
        sandbox.main()
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert option in said
    assert f"python -m sandbox {command}" in said


def test_the_product_has_no_demo() -> None:
    assert CliRunner().invoke(app, ["demo"]).exit_code == 2
