"""The one door: every noun at one address, one OpenAPI, traces, the status page."""
