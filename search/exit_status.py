"""Exit statuses; that of a user's mistake, 2, is the command line's."""

FINISHED, FAILED, INTERRUPTED = 0, 1, 130
