"""A demonstration company: generated from a seed, loaded through the public routes."""

from takt.standalone.company.generate import generate_company
from takt.standalone.company.load import LoadFailed, load, load_company
from takt.standalone.company.rows import Company

__all__ = ["Company", "LoadFailed", "generate_company", "load", "load_company"]
