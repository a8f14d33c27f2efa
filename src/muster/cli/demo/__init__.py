"""The demonstration: real applications, started on this machine, mustered in and out before your eyes."""
