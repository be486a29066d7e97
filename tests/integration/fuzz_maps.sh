#!/bin/bash
# timeout: 180
exec tests/fuzz/minute maps
