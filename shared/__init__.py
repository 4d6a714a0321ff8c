"""The law and the words: what both programs, the office and the device, understand alike."""
