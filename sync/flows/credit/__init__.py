"""Credit of F&O accounts -> company credit in Commerce."""
