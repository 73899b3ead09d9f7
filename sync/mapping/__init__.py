"""One system's documents as the other's: pure functions, no I/O. `<target>_from(source)`."""
