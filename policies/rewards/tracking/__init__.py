"""Where an object and the keypoints on it are, between two queries of the vision-language model."""
