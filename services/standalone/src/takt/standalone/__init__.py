"""All of Takt in one process with an embedded PostgreSQL, and the takt command."""
