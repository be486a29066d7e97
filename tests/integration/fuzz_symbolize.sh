#!/bin/bash
# timeout: 180
exec tests/fuzz/minute symbolize 30
