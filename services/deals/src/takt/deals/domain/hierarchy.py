"""Regions inside regions, teams inside teams: a thing never lies inside itself."""

from collections.abc import Mapping


def first_cycle(parents: Mapping[str, str | None]) -> list[str]:
    """Codes that lie inside each other in a circle, from the first met; empty when there is none.

    Args: parents: the parent of each code; one that is not a key itself is at the top.
    """
    sound: set[str] = set()
    for code in parents:
        path: list[str] = []
        place: str | None = code
        while place is not None and place not in sound:
            if place in path:
                return path[path.index(place) :]
            path.append(place)
            place = parents.get(place)
        sound.update(path)
    return []
