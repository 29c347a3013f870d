"""The one exception that is shown to a person as a single line."""


class UserError(ValueError):
    """A mistake or circumstance the user can mend; the message says what is wrong and what to do."""
