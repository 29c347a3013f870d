"""How a network that predicts CT withstands attack: the worst of several, and alarms."""
