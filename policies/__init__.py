"""What decides: the frozen base, the learned residual, the learner, replay, rewards and tasks."""
