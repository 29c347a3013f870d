"""The brain of a search. It knows no Ray, no disk and no clock."""
