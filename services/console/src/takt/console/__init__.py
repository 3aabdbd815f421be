"""The one door: proxy to the services, one OpenAPI, traces, the status page."""
