"""How a person acts on the cell: devices, the intervention state machine and the arbiter."""
