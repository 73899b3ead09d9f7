"""`connections.toml`, read whole: every fault reported with its line and remedy."""
