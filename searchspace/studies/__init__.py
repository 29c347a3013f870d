"""The spaces of the studies, a file each."""
