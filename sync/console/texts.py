"""Every word of the console that is not a system's own, from one file: `texts.toml`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

TEXTS: Final[Mapping[str, str]] = tomllib.loads(
    Path(__file__).with_name("texts.toml").read_text(encoding="utf-8")
)
