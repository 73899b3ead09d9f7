"""The road of every record: a hint, tries, what comes of them; claims, trail and copies; polls that catch up."""
