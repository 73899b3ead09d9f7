"""Prepared credit, and what a checkout is told of it: rows read by key, reservations, decisions."""
