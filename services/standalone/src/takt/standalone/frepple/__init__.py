"""A frePPLe model as a folder that `takt plan` reads, with an account of what became of it."""
