"""Flows of customers, companies and their contact persons."""
