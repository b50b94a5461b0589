"""API of what is alive: the state of the installation, its cache, and a company's settings."""
