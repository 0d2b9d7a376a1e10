"""Go or no-go: whether a dense reward can be trusted, measured on recorded episodes before training."""
