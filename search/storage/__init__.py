"""Runs on object storage, ``s3://`` or ``gs://``, by which nodes exchange files without a disk."""
