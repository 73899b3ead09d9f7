"""Alerts: what needs a person is told once, and once more when it is over."""
