"""Forecasts of demand and of money that comes in, with what they are worth said beside them."""
