"""providers: one folder for each upstream or file format; they translate and touch no database."""
