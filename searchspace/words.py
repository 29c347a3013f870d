"""Numbers with what they count, in words."""


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


def capitalised(text: str) -> str:
    """Begin a text with a capital, and leave the rest as it is: names in it keep theirs.

    Example:
        >>> capitalised("the plain U-Net")
        'The plain U-Net'
    """
    return text[:1].upper() + text[1:]
