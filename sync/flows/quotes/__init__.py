"""Quotes of B2B buyers: to F&O as quotations, and their answers back."""
