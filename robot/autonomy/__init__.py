"""Practice without a person: notice an attempt that goes nowhere, get free, drive to the next start. Pure."""
