"""Whether a connection can work: what both systems say to what the configuration expects of them.

Each check is a small function that yields findings; all are run, none stops the others. Nothing is
written anywhere.
"""
