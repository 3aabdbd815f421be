"""Use cases: load, decide, save, announce. None commits."""
