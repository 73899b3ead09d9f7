"""`connections.toml`, read whole: every fault told with its line and remedy."""
