"""The loaders under the path that users import them by."""

from trainables import checkpoint
from trainables.saved import checkpoint as saved


def test_users_import_the_loaders_of_saved_models():
    assert set(checkpoint.__all__) == {"load_classifier", "load_unet"}
    for name in checkpoint.__all__:
        assert getattr(checkpoint, name) is getattr(saved, name)
