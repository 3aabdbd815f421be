"""Every query of the service, a file per noun."""
