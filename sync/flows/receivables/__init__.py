"""Flows of invoices, credit memos and payments."""
