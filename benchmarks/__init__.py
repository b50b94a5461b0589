"""benchmarks: what the README's table promises, measured as ratios in one run (`python -m benchmarks`)."""
