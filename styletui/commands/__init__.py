"""The subcommands, a file each; `common` follows jobs and prints."""
