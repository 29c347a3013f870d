"""What was learned: reads what a run left on disk; needs neither torch nor Ray."""
