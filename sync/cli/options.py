"""Options and arguments that several commands take, and the lists they hold."""

from typing import Annotated

import typer

OneFlow = Annotated[str, typer.Option("--flow", metavar="FLOW", help="Only this flow.")]

By = Annotated[
    str, typer.Option(metavar="NAME", help="Who says so. Default: the user of this machine.")
]
Unasked = Annotated[bool, typer.Option("--yes", help="Do not list and ask first.")]


def listed(text: str) -> list[str]:
    """The parts of `A,B,C`, each once."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
