"""The documents that are sent to F&O, as values: pure, no I/O."""
