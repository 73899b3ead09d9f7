"""The buyer's invoices, for the shop's own pages: who asks, what F&O holds of their account, and
each document as data or as a copy to print. Nothing is written to either system."""
