"""The one way to the files of a run: no link is followed, and sizes are bounded before reading."""
