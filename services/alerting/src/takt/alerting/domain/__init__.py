"""Frozen values and pure functions: no session, no clock, no network."""
