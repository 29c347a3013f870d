"""What runs trials and tasks: Ray, or this process."""
