"""Runs on object storage, ``s3://`` or ``gs://``: nodes share no disk, each fetches and keeps."""
