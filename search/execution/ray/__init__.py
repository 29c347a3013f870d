"""The executor on Ray Tune, the only place that knows Ray. It translates and decides nothing."""
