"""The command line: `python -m sync …`. One file per group; `main.py` puts them together."""
