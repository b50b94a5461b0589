"""Return files of each bank as its manual describes them, with what a reader must find in them."""
