"""How two copies agree: the office's and a device's, whatever the network does between them."""
