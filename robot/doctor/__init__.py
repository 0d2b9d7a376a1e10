"""`nudge doctor`: looks at a cell without moving anything, says what is wrong and what to do next."""
