"""Adobe Commerce: its client, its signatures, its events, its documents."""
