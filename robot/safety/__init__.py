"""The last hop before the motors. It knows no learning: only the state, what is asked, and the limits."""
