"""What would be posted, and the totals proof; nothing is sent."""
