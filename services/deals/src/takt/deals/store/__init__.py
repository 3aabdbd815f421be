"""Every query of the service: catalog, deals, sales, imports. No decision is taken here."""
