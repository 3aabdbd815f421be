"""Deviations, reviews and webhooks."""
