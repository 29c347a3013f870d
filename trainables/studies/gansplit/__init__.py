"""The split of authentic and synthetic training images [syntheticsplit]."""
