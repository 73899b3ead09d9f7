"""One module per page: what it reads, and what its buttons do."""
