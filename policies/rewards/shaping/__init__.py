"""The dense reward: progress along waypoints as a potential, with alarms that switch it off."""
