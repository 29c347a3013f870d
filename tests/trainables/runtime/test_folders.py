from trainables.runtime.folders import cache_folder


def test_the_cache_is_the_users_and_not_made_by_asking(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = cache_folder()
    assert folder.name == "robust-medical-search"
    assert not folder.exists()
