"""What F&O did about an order, as Commerce shows it."""
