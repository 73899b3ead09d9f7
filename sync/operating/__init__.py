"""What a person asks of the product: the one body behind the command line and the web console."""
