"""``python -m search token``."""

from search.cli.token import token


def test_it_says_where_the_token_is_and_not_what_it_is(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "auth_token"))
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    assert token() == 0
    printed = capsys.readouterr().out
    assert str(tmp_path / "auth_token") in printed
    assert (tmp_path / "auth_token").read_text() not in printed
