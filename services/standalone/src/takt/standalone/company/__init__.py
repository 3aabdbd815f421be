"""A demonstration company, generated from a seed."""

from takt.standalone.company.generate import generate_company
from takt.standalone.company.rows import Company

__all__ = ["Company", "generate_company"]
