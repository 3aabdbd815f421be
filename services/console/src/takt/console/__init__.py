"""The one door: every noun at one address, one OpenAPI, traces, sessions, the web page."""
