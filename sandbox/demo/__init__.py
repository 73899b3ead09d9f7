"""The demo: two shops, two ledgers and one host as processes of this machine; orders flow, and both
sides' books are compared."""
