"""The tables of the deep AUC document, over datasets and seeds [medmnistauc]."""
