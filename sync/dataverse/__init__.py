"""Dataverse: the tables of Customer Service and Sales, its client and its traps."""
