"""Queues and tables in SQLite files."""
