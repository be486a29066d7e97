#!/bin/bash
# timeout: 180
exec tests/fuzz/minute recording 10
