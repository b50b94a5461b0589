"""ofx: statements in Open Financial Exchange files, version 1 (SGML) and 2 (XML), as Brazilian banks write them."""
