"""The use cases, a file per capability: load, decide, save, emit. None of them commits."""
