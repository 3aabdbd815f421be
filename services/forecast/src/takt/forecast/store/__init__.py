"""Every query of the forecast service."""
