#!/bin/bash
# timeout: 180
exec tests/fuzz/minute debug_files 30
