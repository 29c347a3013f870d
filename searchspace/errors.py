"""The exception that the command line shows as a single line."""


class UserError(ValueError):
    """An error that the user can correct: one line that says what is wrong and what to do."""
