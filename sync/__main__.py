"""`python -m sync`: the command line."""

from sync.cli.main import main

if __name__ == "__main__":
    main()
