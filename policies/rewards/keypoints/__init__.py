"""From a task sentence and camera images to an immutable plan in the robot's base frame."""
