"""Pipeline, customers, pricing and the sales cycle."""
