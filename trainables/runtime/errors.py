"""An error in one line, for a message or a record."""


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message that is not blank.

    Returns:
        The line without surrounding white space; the name of the error's type if there is no text.
    """
    lines = (line.strip() for line in str(error).splitlines())
    return next(filter(None, lines), type(error).__name__)


def typed_line(error: BaseException) -> str:
    """Return the name of an error's type and its first line, such as ``ValueError: no rows``.

    Returns:
        The name alone if there is no text.
    """
    name, line = type(error).__name__, first_line(error)
    return name if line == name else f"{name}: {line}"
