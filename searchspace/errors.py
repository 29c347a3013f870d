"""The one exception that is shown to a person as a single line."""


class UserError(ValueError):
    """What the user can mend: one line that says what is wrong and what to do."""
