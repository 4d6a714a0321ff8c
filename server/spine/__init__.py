"""What every area of the office stands on; the spine knows no area by name."""
