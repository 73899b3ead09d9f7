"""Flows of sales orders."""
