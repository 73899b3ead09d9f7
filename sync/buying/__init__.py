"""What accounts do in the shop: figures, reasons for tasks, a score, and what is kept of them."""
