"""Which of the forms in which a file lies there a browser can take."""

from collections.abc import Collection

PREFERRED = ("br", "gzip")


def encoding_for(accepted: str, there: Collection[str]) -> str | None:
    """The smallest encoding that is there and accepted; None for the file as it is.

    Args:
        accepted: the header Accept-Encoding; of its weights only zero, a refusal, counts.
        there: encodings in which the file is there.
    """
    taken: dict[str, bool] = {}
    for part in accepted.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        taken[name] = not any(_refuses(parameter) for parameter in parameters)
    others = taken.get("*", False)
    for encoding in PREFERRED:
        if encoding in there and taken.get(encoding, others):
            return encoding
    return None


def _refuses(parameter: str) -> bool:
    name, _, weight = parameter.partition("=")
    try:
        return name.strip() == "q" and float(weight) == 0
    except ValueError:
        return False
