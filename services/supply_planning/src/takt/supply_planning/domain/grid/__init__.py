"""The whole plan at once: item-sites as rows by low-level code, weeks as contiguous vectors.

`domain.plan` defines the numbers and plans again only what changed; this gives the same numbers to
the unit for everything together, at the speed of arrays. Decision record 0501.
"""
