"""``python -m search token``: the token of a cluster, made so that nobody else can read it."""

import typer


def token() -> int:
    """Make the token that Ray asks every process of a cluster for; one that is there stays."""
    from search.execution.ray.token import ensure_token, token_file  # noqa: PLC0415

    ensure_token(make=True)
    typer.echo(f"Ray's token is in {token_file()}, which only you can read")
    return 0
