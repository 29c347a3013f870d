"""Runs on object storage (``s3://``, ``gs://``): every node fetches and keeps, none shares a disk."""
