"""Import of the official JobTech Taxonomy dumps: `files` reads and checks, `importer` writes."""
