"""A person's data as a whole: taken away as a copy, erased, two records made one. Each table is named in each."""
