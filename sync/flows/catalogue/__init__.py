"""What F&O says of products, as a shop shows it."""
