"""What the board and its tests are made with: what is pinned, under which licences, and what is known to be wrong."""
