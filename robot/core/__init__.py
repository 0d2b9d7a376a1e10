"""The nouns every other package shares. Needs numpy and msgpack alone."""
