"""Numbers with what they count, in words."""

from collections.abc import Sequence


def plural(count: int, noun: str) -> str:
    """Write a number before what it counts, in the plural unless it is 1.

    Args:
        count: How many.
        noun: In the singular, of those whose plural has an s; words before it stay.

    Example:
        >>> plural(1, "sampled trial"), plural(2, "sampled trial")
        ('1 sampled trial', '2 sampled trials')
    """
    return f"{count} {noun}{'s' * (count != 1)}"


def listed(names: Sequence[str], limit: int) -> str:
    """List the first names, and say how many more there are.

    Args:
        names: One at least.
        limit: How many are written.

    Example:
        >>> listed("abc", 3), listed("abcde", 3)
        ('a, b, c', 'a, b, c and 2 more')
    """
    surplus = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {surplus} more" if surplus > 0 else "")


def capitalised(text: str) -> str:
    """Begin a text with a capital, and leave the rest as it is: names in it keep theirs.

    Example:
        >>> capitalised("the plain U-Net")
        'The plain U-Net'
    """
    return text[:1].upper() + text[1:]
