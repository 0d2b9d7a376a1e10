"""Experience: durable episodes on disk, and the arrays the learner samples from."""
