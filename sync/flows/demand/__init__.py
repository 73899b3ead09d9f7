"""Forecast demand into F&O."""
