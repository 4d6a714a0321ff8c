"""Published: what the office says of the API of its devices, made from the schemas that read it."""
