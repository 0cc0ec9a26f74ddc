"""Lists as files: what each holds, who may have it, and the jobs that make them for programs."""
