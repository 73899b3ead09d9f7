"""The sandbox's commands; each takes --help.

`python -m sandbox demo` shows the product at work.
`python -m sandbox soak` loads the product for long while it is killed.
`python -m sandbox serve` serves both systems until Ctrl+C.
"""

import sys
from importlib import import_module
from typing import Final

COMMANDS: Final = {
    "demo": "sandbox.demo.command",
    "serve": "sandbox.serving",
    "soak": "sandbox.demo.soak",
}
"""The module whose `main` runs a command. Only that one is imported."""


def main() -> None:
    """Run the command that is named first. Exit status 2 without one."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in COMMANDS:
        sys.stderr.write(f"{__doc__}\n")
        raise SystemExit(2)
    del sys.argv[1]
    import_module(COMMANDS[name]).main()


if __name__ == "__main__":
    main()
