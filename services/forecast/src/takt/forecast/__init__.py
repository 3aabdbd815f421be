"""Demand history, forecasts, versions and win probability."""
