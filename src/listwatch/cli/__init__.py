"""The command line: `listwatch demo | get | watch | serve`."""
