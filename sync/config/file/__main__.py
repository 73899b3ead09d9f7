"""`python -m sync.config.file FILE`: whether the file can be used, asking nobody else. Every fault
is printed; status 1."""

import sys
from pathlib import Path

from sync.config.file.faults import BadConfiguration
from sync.config.file.reading import read_connections


def main(arguments: list[str]) -> int:
    """Read the files that are named; 0 when all are sound."""
    status = 0
    for name in arguments or ["connections.toml"]:
        try:
            read_connections(Path(name))
        except BadConfiguration as bad:
            sys.stderr.write(f"{bad}\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
