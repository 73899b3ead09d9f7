"""Returns: RMAs of Commerce in F&O, what F&O makes of them in Commerce, and refunds."""
