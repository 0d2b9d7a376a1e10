"""Questions with images to any OpenAI-compatible server: validated answers, or an error that says why not."""
