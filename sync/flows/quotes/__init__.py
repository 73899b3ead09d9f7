"""Quotes of B2B buyers: to F&O or Dynamics 365 Sales as quotations, and their answers back."""
