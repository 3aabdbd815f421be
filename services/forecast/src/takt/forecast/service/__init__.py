"""Use cases, a file per capability: load, decide, save, emit."""
