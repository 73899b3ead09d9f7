"""What Commerce sends, read leniently: unknown fields are ignored, absent means none, text numbers
are numbers."""
