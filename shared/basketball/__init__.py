"""What the game itself is: dates and instants of a slate, who is who, arenas, odds. Pure."""
