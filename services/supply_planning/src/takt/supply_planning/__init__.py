"""Netting, purchasing and cash."""
